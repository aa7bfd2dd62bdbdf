"""The tables and their columns as text, a line for each column (3, 5).

``name kind targets``; the kinds are those of :data:`~.schema.KINDS`.  After the name of a table
stand its entity set, its schema name and the name of its privilege; ``=`` is the usual one.  Rows
of ``shared`` tables belong to nobody, those of ``bare`` ones have no state.
"""

from __future__ import annotations

TABLES = """
activitypointer activitypointers ActivityPointer prvReadActivity activity

msdyn_ocliveworkitem msdyn_ocliveworkitems = prvReadActivity activity
  msdyn_ocliveworkitemid string
  msdyn_channel multi
  msdyn_statuschangereason choice
  msdyn_conversationactivitystate choice
  msdyn_initiatedon date
  msdyn_createdon date
  msdyn_startedon date
  msdyn_firstwaitstartedon date
  msdyn_activeagentassignedon date
  msdyn_statusupdatedon date
  msdyn_wrapupinitiatedon date
  msdyn_closedon date
  msdyn_modifiedon date
  msdyn_activeagentid lookup systemuser
  msdyn_activesessionparticipantid lookup msdyn_sessionparticipant
  msdyn_lastsessionid lookup msdyn_ocsession
  msdyn_cdsqueueid lookup queue
  msdyn_queueid lookup msdyn_omnichannelqueue
  msdyn_liveworkstreamid lookup msdyn_liveworkstream
  msdyn_channelinstanceid lookup msdyn_channelinstance
  msdyn_customer customer account contact
  msdyn_issueid lookup incident
  msdyn_isoutbound bool
  msdyn_isabandoned bool
  msdyn_isagentaccepted bool
  msdyn_isagentsession bool
  msdyn_thirdpartyconversation bool
  leftvoicemail bool
  msdyn_transfercount int
  msdyn_escalationcount int
  msdyn_overflowtransfercount int
  msdyn_conversationhandletimeinseconds int
  msdyn_conversationtalktimeinseconds int
  msdyn_conversationholdtimeinseconds int
  msdyn_conversationwrapuptimeinseconds int
  msdyn_conversationactivewrapuptimeinseconds int
  msdyn_conversationfirstwaittimeinseconds int
  msdyn_customersentimentlabel choice
  msdyn_title string
  msdyn_statereason string
  msdyn_intent string
  msdyn_customerlocale string
  msdyn_channelconnectionid string
  msdyn_channelprovidername string

msdyn_ocsession msdyn_ocsessions = prvReadActivity activity
  msdyn_sessionid string
  msdyn_liveworkitemid lookup msdyn_ocliveworkitem
  msdyn_primarysession lookup msdyn_ocsession
  msdyn_channel choice
  msdyn_sessioncreatedon date
  msdyn_queueassignedon date
  msdyn_agentassignedon date
  msdyn_agentacceptedon date
  msdyn_sessionclosedon date
  msdyn_sessionmodifiedon date
  msdyn_closurereason choice
  msdyn_sessioncreationreason choice
  msdyn_queueassignedreason choice
  msdyn_cdsqueueid lookup queue
  msdyn_queueid lookup msdyn_omnichannelqueue
  msdyn_channelinstanceid lookup msdyn_channelinstance
  msdyn_state choice
  msdyn_botengagementmode choice

msdyn_sessionparticipant msdyn_sessionparticipants = =
  msdyn_name string
  msdyn_omnichannelsession lookup msdyn_ocsession
  msdyn_agentid lookup systemuser
  msdyn_activedirectoryuserid string
  msdyn_mode choice
  msdyn_consultmode choice
  msdyn_conversationaccess choice
  msdyn_addedon date
  msdyn_joinedon date
  msdyn_lefton date
  msdyn_leftonreason string
  msdyn_assignreason string
  msdyn_talktime int
  msdyn_holdtime int
  msdyn_activetime int
  msdyn_inactivetime int
  msdyn_idletime int
  msdyn_activewrapuptime int
  msdyn_activechattime int
  msdyn_starttalktime date
  msdyn_startholdtime date
  msdyn_startactivetime date
  msdyn_startinactivetime date
  msdyn_startidletime date
  msdyn_startactivewrapuptime date
  msdyn_externalparticipantchannel string
  msdyn_externalparticipantchanneltype choice
  msdyn_lastupdatedon date
  msdyn_modifiedon date

msdyn_sessionevent msdyn_sessionevents = =
  msdyn_name string
  msdyn_omnichannelsession lookup msdyn_ocsession
  msdyn_eventtime date
  msdyn_eventtype choice
  msdyn_eventreason choice
  msdyn_eventinfo choice

msdyn_ocsessionparticipantevent msdyn_ocsessionparticipantevents = =
  msdyn_name string
  msdyn_sessionid lookup msdyn_ocsession
  msdyn_sessionparticipantid lookup msdyn_sessionparticipant
  msdyn_eventtype choice
  msdyn_eventreason choice
  msdyn_eventstarttime date
  msdyn_eventendtime date
  msdyn_eventduration decimal

msdyn_ocphonecallengagementctx msdyn_ocphonecallengagementctxes = =
  msdyn_name string
  msdyn_liveworkitemid lookup msdyn_ocliveworkitem
  msdyn_callsid string
  msdyn_fromphone string
  msdyn_tophone string
  msdyn_providername string

msdyn_ocrecording msdyn_ocrecordings = =
  msdyn_name string
  msdyn_liveworkitemid lookup msdyn_ocliveworkitem
  msdyn_recordingtarget lookup appointment msdyn_ocliveworkitem msdyn_ocvoicemail phonecall
  msdyn_recording file 524288
  msdyn_recording_name string
  msdyn_recordingmetadata file 16384
  msdyn_recordingmetadata_name string
  msdyn_mediauri string
  msdyn_sourcelanguage lookup msdyn_oclanguage
  msdyn_applicationid string

msdyn_transcript msdyn_transcripts = =
  msdyn_name string
  msdyn_liveworkitemidid lookup msdyn_ocliveworkitem
  msdyn_transcripttarget lookup appointment phonecall
  msdyn_transcripturi string
  msdyn_voicetranscript file 131072
  msdyn_voicetranscript_name string
  msdyn_voicetranscript_formatted file 131072
  msdyn_voicetranscript_formatted_name string
  msdyn_rawvoicetranscript file 131072
  msdyn_rawvoicetranscript_name string
  msdyn_englishtranslatedtranscriptformatted file 131072
  msdyn_englishtranslatedtranscriptformatted_name string

msdyn_agentstatus msdyn_agentstatuses = =
  msdyn_name string
  msdyn_agentid lookup systemuser
  msdyn_currentpresenceid lookup msdyn_presence
  msdyn_isagentloggedin bool
  msdyn_isblockedbysomeprofile bool
  msdyn_availableunitscapacity int
  msdyn_assignedconversationcount int
  msdyn_presencemodifiedon date
  msdyn_capacitymodifiedon date
  msdyn_presencemodifiedonwithmilliseconds string
  msdyn_capacitymodifiedonwithmilliseconds string
  msdyn_presencemodifiedby string
  msdyn_presencemodifiedbyuserid lookup systemuser
  msdyn_eventname choice
  msdyn_subeventname choice

msdyn_agentstatushistory msdyn_agentstatushistories = =
  msdyn_name string
  msdyn_agentid lookup systemuser
  msdyn_presenceid lookup msdyn_presence
  msdyn_starttime date
  msdyn_endtime date
  msdyn_availablecapacity int
  msdyn_isagentloggedin bool

msdyn_presence msdyn_presences = = shared
  msdyn_name string
  msdyn_presencestatustext string
  msdyn_basepresencestatus choice
  msdyn_canuserset bool

systemuser systemusers SystemUser prvReadUser shared
  fullname string
  domainname string
  internalemailaddress string
  azureactivedirectoryobjectid guid
  employeeid string
  isdisabled bool
  applicationid guid
  msdyn_botapplicationid string
  mobilephone string
  businessunitid lookup businessunit

queue queues Queue prvReadQueue
  name string
  description memo
  emailaddress string
  queuetypecode choice

msdyn_liveworkstream msdyn_liveworkstreams = =
  msdyn_name string
  msdyn_streamsource choice
  msdyn_direction choice

contact contacts Contact prvReadContact
  fullname string
  firstname string
  lastname string
  telephone1 string
  mobilephone string
  emailaddress1 string

annotation annotations Annotation prvReadNote bare
  subject string
  notetext memo
  documentbody memo
  filename string
  filesize int
  mimetype string
  isdocument bool
  objecttypecode entity
  objectid lookup msdyn_transcript msdyn_ocliveworkitem contact

fileattachment fileattachments FileAttachment prvReadFileAttachment bare shared
  filename string
  filesizeinbytes bigint
  mimetype string
  regardingfieldname string
  objecttypecode entity
  objectid lookup msdyn_ocrecording msdyn_transcript msdyn_ocvoicemail

msdyn_oclanguage msdyn_oclanguages = = shared
  msdyn_name string
  msdyn_languagecode string
  msdyn_localeid int
"""

VOICEMAILS = {
    "activity": """
msdyn_ocvoicemail msdyn_ocvoicemails = prvReadActivity activity
  msdyn_missedconversationid lookup msdyn_ocliveworkitem
  msdyn_sourcephonenumber string
  msdyn_orgphonenumber string
  msdyn_hascontent bool
""",
    "recording": """
msdyn_ocvoicemail msdyn_ocvoicemails = =
  msdyn_name string
  msdyn_liveworkitemid lookup msdyn_ocliveworkitem
  msdyn_recording file 524288
  msdyn_recording_name string
""",
    "voicemail": """
msdyn_ocvoicemail msdyn_ocvoicemails = =
  msdyn_name string
  msdyn_conversationid lookup msdyn_ocliveworkitem
  msdyn_voicemail file 524288
  msdyn_voicemail_name string
""",
    "none": """
msdyn_ocvoicemail msdyn_ocvoicemails = =
  msdyn_name string
""",
}
"""The table of voicemails, which the sheet leaves open (3): an activity beside its recording, or
one with a file of its own, spelt one way or the other, or of which nothing is known."""

ACTIVITY = """
  subject string
  description memo
  activitytypecode entity
  actualstart date
  actualend date
  actualdurationminutes int
  scheduledstart date
  scheduledend date
  regardingobjectid lookup contact
"""
"""What every activity has besides (3.1)."""

COMMON = """
  createdby lookup systemuser
  createdon date
  modifiedby lookup systemuser
  modifiedon date
  ownerid owner systemuser team
  versionnumber bigint
"""
"""What every table has (3)."""

STATES = """
  statecode state
  statuscode status
"""
"""What every table has that is not bare."""

EXTRA = """
  msdyn_iscapacityblocking bool
  msdyn_previewscore decimal
  msdyn_previewmode choice
"""
"""Columns that stand in no reference, as live environments have them (3.3)."""
