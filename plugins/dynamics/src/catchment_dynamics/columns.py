"""The tables that are asked, and which columns of them (3, 5).

``needed`` is what nothing can be said without; ``welcome`` is asked for where the environment has
it, because columns differ from environment to environment and one unknown name fails a whole query
(6, pain 3).  Logical names; how a column is spelt in a query depends on its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from catchment.model import Json
from catchment_dynamics.ids import read_id

VOICE = ("192440000", "192370000")
"""Values of the channel that are calls: the phone channel's, and the older one (3.1)."""

_ROW = ("createdon", "modifiedon", "versionnumber")

_READ = """
    createdon modifiedon versionnumber statecode statuscode subject leftvoicemail msdyn_title
    msdyn_statuschangereason msdyn_initiatedon msdyn_createdon msdyn_startedon
    msdyn_wrapupinitiatedon msdyn_closedon msdyn_activeagentid msdyn_lastsessionid
    msdyn_cdsqueueid msdyn_queueid msdyn_liveworkstreamid msdyn_customer msdyn_issueid
    msdyn_isoutbound msdyn_isabandoned msdyn_isagentaccepted msdyn_transfercount
    msdyn_escalationcount msdyn_overflowtransfercount msdyn_conversationhandletimeinseconds
    msdyn_conversationtalktimeinseconds msdyn_conversationholdtimeinseconds
    msdyn_conversationwrapuptimeinseconds msdyn_conversationfirstwaittimeinseconds
    msdyn_customersentimentlabel msdyn_statereason msdyn_intent msdyn_customerlocale
    msdyn_channelprovidername msdyn_sessioncreatedon msdyn_agentassignedon
    msdyn_agentacceptedon msdyn_sessionclosedon msdyn_closurereason msdyn_agentid msdyn_mode
    msdyn_consultmode msdyn_conversationaccess msdyn_addedon msdyn_joinedon msdyn_lefton
    msdyn_leftonreason msdyn_talktime msdyn_holdtime msdyn_activewrapuptime
    msdyn_externalparticipantchannel msdyn_eventtype msdyn_eventreason msdyn_eventstarttime
    msdyn_eventendtime msdyn_callsid msdyn_fromphone msdyn_tophone msdyn_recordingtarget
    msdyn_recording_name msdyn_recordingmetadata msdyn_sourcelanguage msdyn_transcripttarget
    msdyn_voicetranscript msdyn_voicetranscript_formatted msdyn_rawvoicetranscript
    msdyn_englishtranslatedtranscriptformatted filename mimetype filesizeinbytes isdocument
    fullname domainname internalemailaddress azureactivedirectoryobjectid employeeid isdisabled
    applicationid msdyn_botapplicationid queuetypecode
"""
"""Optional columns, of whichever table, that something is read from."""


@dataclass(frozen=True, slots=True)
class Table:
    """A Dataverse table as it is asked.

    Attributes:
        name: Logical name.
        entity_set: The collection's name in addresses.
        key: Column of the primary key.
        needed: Columns without which the table is of no use.
        welcome: Columns that are asked for where they exist.
        used: Those of them that something is read from; the others are kept for people alone, and
            nothing is missed where the environment has none of them.
        privilege: What the security role must have.
        files: Whether it has File columns, which are all taken.
    """

    name: str
    entity_set: str
    key: str
    needed: tuple[str, ...] = ()
    welcome: tuple[str, ...] = ()
    privilege: str = ""
    files: bool = False
    used: frozenset[str] = frozenset()

    @property
    def attachments(self) -> str:
        """The relationship to size and type of its files (2.9)."""
        return f"{self.name}_FileAttachments"


def _table(
    name: str,
    entity_set: str,
    *,
    key: str = "",
    needed: str = "",
    welcome: str = "",
    privilege: str = "",
    files: bool = False,
) -> Table:
    asked = (*welcome.split(), *_ROW)
    return Table(
        name, entity_set, key or f"{name}id", tuple(needed.split()), asked,
        privilege or f"prvRead{name}", files, frozenset(asked) & {*_READ.split()},
    )  # fmt: skip


CONVERSATIONS = _table(
    "msdyn_ocliveworkitem",
    "msdyn_ocliveworkitems",
    key="activityid",
    needed="msdyn_channel statecode statuscode modifiedon",
    welcome="""msdyn_ocliveworkitemid subject msdyn_title msdyn_statuschangereason
    msdyn_conversationactivitystate msdyn_initiatedon msdyn_createdon msdyn_startedon
    msdyn_firstwaitstartedon msdyn_activeagentassignedon msdyn_statusupdatedon
    msdyn_wrapupinitiatedon msdyn_closedon msdyn_modifiedon msdyn_activeagentid
    msdyn_activesessionparticipantid msdyn_lastsessionid msdyn_cdsqueueid msdyn_queueid
    msdyn_liveworkstreamid msdyn_channelinstanceid msdyn_customer msdyn_issueid regardingobjectid
    msdyn_isoutbound msdyn_isabandoned msdyn_isagentaccepted msdyn_isagentsession
    msdyn_thirdpartyconversation leftvoicemail msdyn_transfercount msdyn_escalationcount
    msdyn_overflowtransfercount msdyn_conversationhandletimeinseconds
    msdyn_conversationtalktimeinseconds msdyn_conversationholdtimeinseconds
    msdyn_conversationwrapuptimeinseconds msdyn_conversationactivewrapuptimeinseconds
    msdyn_conversationfirstwaittimeinseconds msdyn_customersentimentlabel msdyn_statereason
    msdyn_intent msdyn_customerlocale msdyn_channelconnectionid msdyn_channelprovidername""",
    privilege="prvReadActivity",
)
SESSIONS = _table(
    "msdyn_ocsession",
    "msdyn_ocsessions",
    key="activityid",
    needed="msdyn_liveworkitemid msdyn_channel modifiedon",
    welcome="""subject msdyn_sessionid msdyn_primarysession msdyn_sessioncreatedon
    msdyn_queueassignedon msdyn_agentassignedon msdyn_agentacceptedon msdyn_sessionclosedon
    msdyn_sessionmodifiedon msdyn_closurereason msdyn_sessioncreationreason
    msdyn_queueassignedreason msdyn_cdsqueueid msdyn_queueid msdyn_channelinstanceid statecode
    statuscode msdyn_state msdyn_botengagementmode ownerid""",
    privilege="prvReadActivity",
)
PARTICIPANTS = _table(
    "msdyn_sessionparticipant",
    "msdyn_sessionparticipants",
    needed="msdyn_omnichannelsession modifiedon",
    welcome="""msdyn_agentid msdyn_activedirectoryuserid msdyn_mode msdyn_consultmode
    msdyn_conversationaccess msdyn_addedon msdyn_joinedon msdyn_lefton msdyn_leftonreason
    msdyn_assignreason msdyn_talktime msdyn_holdtime msdyn_activetime msdyn_inactivetime
    msdyn_idletime msdyn_activewrapuptime msdyn_starttalktime msdyn_startholdtime
    msdyn_startactivetime msdyn_startactivewrapuptime msdyn_externalparticipantchannel
    msdyn_externalparticipantchanneltype msdyn_lastupdatedon msdyn_modifiedon statecode""",
)
PARTICIPANT_EVENTS = _table(
    "msdyn_ocsessionparticipantevent",
    "msdyn_ocsessionparticipantevents",
    needed="msdyn_sessionid msdyn_sessionparticipantid modifiedon",
    welcome="""msdyn_eventtype msdyn_eventreason msdyn_eventstarttime msdyn_eventendtime
    msdyn_eventduration""",
)
CALLS = _table(
    "msdyn_ocphonecallengagementctx",
    "msdyn_ocphonecallengagementctxes",
    needed="msdyn_liveworkitemid modifiedon",
    welcome="msdyn_callsid msdyn_fromphone msdyn_tophone msdyn_providername",
)
RECORDINGS = _table(
    "msdyn_ocrecording",
    "msdyn_ocrecordings",
    needed="msdyn_recording msdyn_liveworkitemid modifiedon",
    welcome="""msdyn_name msdyn_recordingtarget msdyn_recording_name msdyn_recordingmetadata
    msdyn_recordingmetadata_name msdyn_sourcelanguage msdyn_applicationid statecode statuscode""",
    files=True,
)
TRANSCRIPTS = _table(
    "msdyn_transcript",
    "msdyn_transcripts",
    needed="msdyn_liveworkitemidid modifiedon",
    welcome="""msdyn_name msdyn_transcripttarget msdyn_voicetranscript msdyn_voicetranscript_name
    msdyn_voicetranscript_formatted msdyn_voicetranscript_formatted_name msdyn_rawvoicetranscript
    msdyn_rawvoicetranscript_name msdyn_englishtranslatedtranscriptformatted
    msdyn_englishtranslatedtranscriptformatted_name statecode statuscode""",
    files=True,
)
VOICEMAILS = _table(
    "msdyn_ocvoicemail",
    "msdyn_ocvoicemails",
    needed="modifiedon",
    welcome="msdyn_name subject msdyn_hascontent statecode statuscode",
    files=True,
)
"""What it is differs (3): File columns, the lookup to the conversation and the primary key are
looked for in the metadata.  Where it is an activity it has no File column, and its sound is a row
of ``msdyn_ocrecording`` that points at it."""

ACTIVITY_KEY = "activityid"
"""The primary key of every activity (6.1)."""

NOTES = _table(
    "annotation",
    "annotations",
    needed="objectid objecttypecode documentbody",
    welcome="subject filename mimetype filesize isdocument notetext",
    privilege="prvReadNote",
)
USERS = _table(
    "systemuser",
    "systemusers",
    welcome="""fullname domainname internalemailaddress azureactivedirectoryobjectid employeeid
    isdisabled applicationid msdyn_botapplicationid""",
    privilege="prvReadUser",
)
QUEUES = _table(
    "queue", "queues", needed="name", welcome="queuetypecode statecode", privilege="prvReadQueue"
)
STATUSES = _table(
    "msdyn_agentstatus", "msdyn_agentstatuses", needed="msdyn_agentid", welcome="statecode"
)
FILE_ATTACHMENTS = _table(
    "fileattachment",
    "fileattachments",
    welcome="filename filesizeinbytes mimetype",
    privilege="prvReadFileAttachment",
)

OFFERING = (RECORDINGS, TRANSCRIPTS, VOICEMAILS)
"""The tables whose rows are recordings of the ledger."""

_ATTACHED = ("createdon", "mimetype", "filesizeinbytes", "filename", "regardingfieldname")
EXPANDED = f"$select={','.join(_ATTACHED)}"
"""What is asked of a file without downloading it (2.9)."""

_LOOKUPS = ("Lookup", "Customer", "Owner")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns a table has, as its metadata tells.

    Attributes:
        types: Kind of each column by logical name (``"Lookup"``, ``"FileType"``); ``None`` where
            the metadata may not be read: then all columns are asked for, and all may be there.
        key: The primary key as the environment spells it; empty where it is the table's own.
    """

    types: Mapping[str, str] | None = None
    key: str = ""

    def find_key(self, table: Table) -> str:
        """The column of *table*'s primary key in this environment."""
        return self.key or table.key

    def without(self, column: str) -> Columns:
        """The same without *column*, which queries reject although the metadata lists it."""
        types = {name: kind for name, kind in (self.types or {}).items() if name != column}
        return replace(self, types=None if self.types is None else types)

    def has(self, column: str) -> bool:
        """Whether there is, or may be, such a column."""
        return self.types is None or column in self.types

    def list_missing(self, table: Table) -> list[str]:
        """Needed columns of *table* that are not there."""
        return [name for name in table.needed if not self.has(name)]

    def list_files(self) -> list[str]:
        """Names of all File columns; none where the metadata may not be read."""
        return sorted(name for name, kind in (self.types or {}).items() if kind == "FileType")

    def find_conversation(self) -> str:
        """The lookup that must be the conversation's, where no name is published; or nothing."""
        names = sorted(
            name
            for name, kind in (self.types or {}).items()
            if kind in _LOOKUPS and ("liveworkitem" in name or "conversation" in name)
        )
        return min(names, key=lambda name: "liveworkitem" not in name, default="")

    def select(self, table: Table) -> str:
        """What to ask for: ``$select``'s value; empty for everything.

        Needed columns that are missing were complained about before; here they are left out.
        """
        if self.types is None:
            return ""
        names = [self.find_key(table), *table.needed, *table.welcome]
        if table.files:
            files = self.list_files()
            names += [*files, *(f"{name}_name" for name in files)]
        if table is VOICEMAILS:
            names.append(self.find_conversation())
        there = dict.fromkeys(name for name in names if name in self.types)
        return ",".join(self._spell(name) for name in there)

    def _spell(self, name: str) -> str:
        """Lookups are asked for and told by another name (2.2)."""
        lookup = self.types is not None and self.types[name] in _LOOKUPS
        return spell_lookup(name) if lookup else name


def spell_lookup(column: str) -> str:
    """The property that holds a lookup's id (2.2)."""
    return f"_{column}_value"


def find_table(row: Json) -> Table | None:
    """Which of ``OFFERING`` *row* is of, by its primary key."""
    named = next((table for table in OFFERING if row.get(table.key)), None)
    return named or (VOICEMAILS if row.get(ACTIVITY_KEY) else None)


def find_id(table: Table, row: Json) -> str:
    """The id of a *row* of *table*; empty where it tells none.

    A voicemail may be an activity, whose key is not named after its table (6.1).
    """
    told = row.get(table.key)
    return read_id(told or (row.get(ACTIVITY_KEY) if table is VOICEMAILS else None))
