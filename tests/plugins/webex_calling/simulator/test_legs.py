"""How the records of one call relate, and how recordings join them (sheet 0, 2.3, 2.4)."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from tests.plugins.webex_calling.simulator.cloud import Cloud, Clouds, Row, half_of, moves_of

from catchment_webex_calling.simulator.halves import Told
from catchment_webex_calling.simulator.recordings import Recording

MISSING = ("", "NA", "na")


def by_call_id(webex: Cloud, told: Told) -> dict[str, Row]:
    """The records of one call by ``Local call ID``, as the wire has them."""
    wanted = {half.call_id for half in told.halves}
    rows = webex.records("cdr_stream")
    return {row["Local call ID"]: row for row in rows if row["Local call ID"] in wanted}


def recordings_of(webex: Cloud, told: Told) -> list[Recording]:
    """The recordings of one call by start."""
    found = [r for r in webex.tenant.recordings if r.told is told]
    return sorted(found, key=lambda r: r.recorded_at)


def test_every_record_is_a_half_and_its_other_half_is_known(webex: Cloud) -> None:
    """2.3: ``A.Local call ID = B.Remote call ID``, ``Network call ID`` is of both."""
    rows = {row["Local call ID"]: row for row in webex.records("cdr_stream")}
    paired = 0
    for row in rows.values():
        other = rows.get(row["Remote call ID"])
        if other is None:
            assert row["Call type"] in ("SIP_INBOUND", "SIP_INTERNATIONAL", "SIP_NATIONAL")
            continue
        paired += 1
        assert other["Remote call ID"] == row["Local call ID"]
        assert other["Network call ID"] == row["Network call ID"]
        assert other["Correlation ID"] == row["Correlation ID"]
        assert {row["Direction"], other["Direction"]} == {"ORIGINATING", "TERMINATING"}
        assert row["Remote SessionID"] == other["Local SessionID"]
    assert paired > 50


def test_recordings_join_records_by_session(webex: Cloud) -> None:
    """0: ``serviceData.callSessionId`` is ``Correlation ID``."""
    sessions = {row["Correlation ID"] for row in webex.records("cdr_stream")}
    told = {row["serviceData"]["callSessionId"] for row in webex.all()}
    assert told <= sessions


def test_call_ids_join_metadata_and_records(webex: Cloud) -> None:
    """0: the same number, with ``callhalf-`` before it in metadata."""
    rows = {row["Local call ID"]: row for row in webex.records("cdr_stream")}
    for row in webex.all()[:20]:
        call_id = webex.metadata(row["id"])["serviceData"]["callId"].removeprefix("callhalf-")
        assert rows[call_id]["Correlation ID"] == row["serviceData"]["callSessionId"]


@pytest.mark.parametrize("result_on", ["queue", "agent"])
@pytest.mark.parametrize("owned_by", ["queue", "agent"])
def test_every_successful_record_has_a_recording_of_its_session(
    cloud: Clouds, owned_by: str, result_on: str
) -> None:
    """2.4, rule 5: matching session and owner, if it is the owner's record that says so."""
    webex = cloud(queue_recordings=owned_by, queue_result=result_on, binned_every=0)
    recorded = Counter((r.half.session, r.owner.uuid) for r in webex.tenant.recordings)
    sessions = {session for session, _ in recorded}
    named = set()
    for row in webex.records("cdr_stream"):
        by_webex = row["Call Recording Platform Name"] == "Webex"
        if not by_webex or row["Call Recording Result"] != "successful":
            continue
        assert row["Correlation ID"] in sessions
        named.add((row["Correlation ID"], row["User UUID"]))
    if owned_by == "agent" or result_on == "queue":
        assert named == set(recorded)
    else:
        assert {session for session, _ in named} == sessions
        assert named != set(recorded)


OUTCOMES = [
    ("2.2 failed", "failed", "failed", "always"),
    ("2.2 not kept", "refused", "successful but not kept", "on-demand"),
    ("2.2 never recorded", "not_recorded", None, None),
    ("2.2 recorded", "recorded", "successful", "always"),
]


@pytest.mark.parametrize(
    ("outcome", "result", "trigger"), [pytest.param(o, r, t, id=n) for n, o, r, t in OUTCOMES]
)
def test_what_became_of_the_recording(
    cloud: Clouds, outcome: str, result: str | None, trigger: str | None
) -> None:
    """2.2: no recording is a normal outcome of a call."""
    webex = cloud(third_party_every=0)
    told = webex.call(
        lambda t: t.call.outcome == outcome and not t.call.abandoned and not t.call.moves
    )
    rows = by_call_id(webex, told).values()
    said = [row for row in rows if row["Call Recording Result"] not in MISSING]
    assert bool(recordings_of(webex, told)) is (outcome == "recorded")
    if result is None:
        assert not said
        return
    assert {row["Call Recording Result"] for row in said} == {result}
    assert {row["Call Recording Platform Name"] for row in said} == {"Webex"}
    assert said[0]["Call Recording Trigger"] == trigger or outcome == "recorded"


@pytest.mark.parametrize(("every", "platform"), [(1, "DubberRecorder"), (0, None)])
def test_other_providers_show_in_call_records_alone(
    cloud: Clouds, every: int, platform: str | None
) -> None:
    """1, 2.2: Webex lists only what it recorded itself."""
    webex = cloud(third_party_every=every)
    told = webex.call(lambda t: t.call.outcome == "not_recorded" and not t.call.abandoned)
    rows = by_call_id(webex, told).values()
    said = {row["Call Recording Platform Name"] for row in rows} - set(MISSING)
    assert said == ({platform} if platform else set())
    assert not recordings_of(webex, told)


def test_triggers_follow_what_was_done(webex: Cloud) -> None:
    """2.2: pauses and restarts show in ``Call Recording Trigger``."""
    paused = webex.call(lambda t: any(r.pauses for r in t.call.recorded))
    rows = by_call_id(webex, paused).values()
    assert "always-pause-resume" in {row["Call Recording Trigger"] for row in rows}
    restarted = webex.call(
        lambda t: len(t.call.recorded) == 2 and not t.call.moves and t.call.queue is not None
    )
    rows = by_call_id(webex, restarted).values()
    assert "on-demand-user-start" in {row["Call Recording Trigger"] for row in rows}


def test_a_queue_has_records_of_its_own(webex: Cloud) -> None:
    """2.3: terminating the caller's leg and originating each attempt; one of them unanswered."""
    bounced = webex.call(
        lambda t: sum(half.role == "delivery" for half in t.halves) == 2 and not t.call.moves
    )
    rows = by_call_id(webex, bounced)
    assert len({row["Correlation ID"] for row in rows.values()}) == 1
    kinds = Counter((row["User type"][:10], row["Direction"]) for row in rows.values())
    assert kinds["CallCenter", "TERMINATING"] == 1
    assert kinds["CallCenter", "ORIGINATING"] == 2
    attempts = [half for half in bounced.halves if half.role == "agent"]
    answered = [rows[half.call_id]["Answered"] for half in attempts]
    assert answered == ["false", "true"]
    lost = rows[attempts[0].call_id]
    assert (lost["Answer indicator"], lost["Duration"]) == ("No", 0)
    assert lost["Answer time"] in MISSING
    for half in attempts:
        row = rows[half.call_id]
        assert row["Original reason"] == row["Redirect reason"] == "CallQueue"
        assert row["Related reason"] == "CallQueue"
        assert row["Queue Type"] in ("Call Queue", "Customer Assist")
    entry = rows[half_of(bounced, "queue").call_id]
    assert entry["Related call ID"] in rows


def test_an_abandoned_call_has_the_queues_record_alone(webex: Cloud) -> None:
    """2.3: nobody was called."""
    told = webex.call(lambda t: t.call.abandoned)
    (row,) = by_call_id(webex, told).values()
    assert row["User type"].startswith("CallCenter")
    assert row["Answered"] == "false"


@pytest.mark.parametrize(
    ("direction", "directions"),
    [
        ("internal", ["ORIGINATING", "TERMINATING"]),
        ("outbound", ["ORIGINATING"]),
    ],
)
def test_calls_without_a_queue(webex: Cloud, direction: str, directions: list[str]) -> None:
    """2.3: one record per participant of the organisation."""
    told = webex.call(lambda t: t.call.direction == direction)
    rows = by_call_id(webex, told).values()
    assert sorted(row["Direction"] for row in rows) == directions


# --- transfers -------------------------------------------------------------------------------


@pytest.mark.parametrize("present", ["present", "empty"])
@pytest.mark.parametrize("kind", ["consult", "consult_transfer", "conference", "blind_transfer"])
def test_the_interaction_id_ties_what_a_service_joined(
    cloud: Clouds, kind: str, present: str
) -> None:
    """2.3: one for all halves; empty in older data."""
    webex = cloud(interaction_id=present)
    told = webex.call(lambda t: kind in moves_of(t))
    ids = {row["Interaction ID"] for row in by_call_id(webex, told).values()}
    if present == "empty":
        assert ids <= set(MISSING)
    else:
        assert len(ids) == 1
        others = webex.call(lambda t: t is not told).interaction
        assert ids != {others}


@pytest.mark.parametrize(("keeps", "sessions"), [(True, 1), (False, 2)])
@pytest.mark.parametrize("kind", ["consult", "consult_transfer", "conference"])
def test_whether_a_transfer_keeps_the_session(
    cloud: Clouds, kind: str, keeps: bool, sessions: int
) -> None:
    """Quirk 17: undocumented; records and recordings agree."""
    webex = cloud(transfer_keeps_session=keeps)
    told = webex.call(lambda t: kind in moves_of(t))
    rows = by_call_id(webex, told).values()
    recorded = recordings_of(webex, told)
    assert len({row["Correlation ID"] for row in rows}) == sessions
    assert len({r.session for r in recorded}) == sessions
    assert len(recorded) >= 2


@pytest.mark.parametrize(("new", "sessions"), [(True, 2), (False, 1)])
def test_whether_a_blind_transfer_begins_a_session(cloud: Clouds, new: bool, sessions: int) -> None:
    """2.3: by a third party."""
    webex = cloud(blind_transfer_new_session=new)
    told = webex.call(lambda t: "blind_transfer" in moves_of(t))
    assert len({row["Correlation ID"] for row in by_call_id(webex, told).values()}) == sessions
    assert len({r.session for r in recordings_of(webex, told)}) == sessions


def test_an_attended_transfer_names_the_other_call(webex: Cloud) -> None:
    """2.3, scenario 2: ``Transfer related call ID`` both ways, ``ConsultativeTransfer``."""
    told = webex.call(lambda t: "consult_transfer" in moves_of(t))
    rows = by_call_id(webex, told)
    asking, first = half_of(told, "consulting"), half_of(told, "agent")
    assert rows[first.call_id]["Transfer related call ID"] == asking.call_id
    assert rows[asking.call_id]["Transfer related call ID"] == first.call_id
    for half in (asking, first):
        assert rows[half.call_id]["Call transfer Time"] not in MISSING
        assert rows[half.call_id]["Related reason"] == "ConsultativeTransfer"
    assert rows[first.call_id]["Original reason"] == "CallQueue"  # how it came, not how it went
    passed_to = rows[half_of(told, "consulted").call_id]
    assert passed_to["Release time"] > rows[asking.call_id]["Release time"]
    assert len(recordings_of(webex, told)) == 3


@pytest.mark.parametrize(("link", "filled"), [("empty", False), ("filled", True)])
def test_a_blind_transfer_says_deflection(cloud: Clouds, link: str, filled: bool) -> None:
    """2.3, scenario 3: ``Related call ID`` leads on; the transfer's own id may be empty."""
    webex = cloud(blind_transfer_link=link)
    told = webex.call(lambda t: "blind_transfer" in moves_of(t))
    rows = by_call_id(webex, told)
    sent = half_of(told, "redirect")
    first = rows[half_of(told, "agent").call_id]
    reached = rows[sent.remote_id]
    assert reached["Original reason"] == reached["Redirect reason"] == "Deflection"
    assert first["Related call ID"] == sent.call_id
    assert (first["Transfer related call ID"] == sent.call_id) is filled
    assert filled or first["Transfer related call ID"] in MISSING
    assert reached["Redirecting party UUID"] == first["User UUID"]


@pytest.mark.parametrize("interaction", ["present", "empty"])
def test_the_rule_of_the_sheet_puts_transferred_calls_together(
    cloud: Clouds, interaction: str
) -> None:
    """2.4: union of sessions over all the ids; only a mere consultation needs the newest field."""
    webex = cloud(interaction_id=interaction)
    root: dict[str, str] = {}

    def find(one: str) -> str:
        while root.setdefault(one, one) != one:
            one = root[one]
        return one

    for row in webex.records("cdr_stream"):
        session = "s" + row["Correlation ID"]
        names = ("Local call ID", "Remote call ID", "Related call ID", "Transfer related call ID")
        ids = [row[name] for name in names]
        ids.append("i" + row["Interaction ID"] if row["Interaction ID"] not in MISSING else "")
        for one in ids:
            if one not in MISSING:
                root[find(one)] = find(session)
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for half, told in ((h, t) for t in all_calls(webex) for h in t.halves):
        groups[find("s" + half.session)].add(told.call.call_id)
    assert all(len(calls) == 1 for calls in groups.values())  # never two calls in one
    for told in all_calls(webex):
        if interaction == "empty" and not {"consult_transfer", "blind_transfer"} & moves_of(told):
            continue
        assert len({find("s" + half.session) for half in told.halves}) == 1


def all_calls(webex: Cloud) -> list[Told]:
    """Every call of the World."""
    return list({id(e.told): e.told for e in webex.tenant.history.find_all()}.values())


def test_hold_time_is_told(webex: Cloud) -> None:
    """2.2: ``Hold Duration`` of whoever held."""
    told = webex.call(lambda t: any(half.hold_s for half in t.halves) and not t.call.moves)
    held = sum(hold.length.total_seconds() for leg in told.call.legs for hold in leg.holds)
    rows = by_call_id(webex, told)
    assert rows[half_of(told, "agent").call_id]["Hold Duration"] == held


def test_user_types_are_those_of_the_owners(webex: Cloud) -> None:
    """2.2: users, places, virtual lines, both sorts of queue."""
    kinds = {row["User type"] for row in webex.records("cdr_stream")}
    assert kinds == {"User", "Place", "VirtualLine", "CallCenterStandard", "CallCenterPremium"}
    for row in webex.records("cdr_stream"):
        if row["User type"] == "CallCenterPremium":
            assert row["Queue Type"] == "Customer Assist"
