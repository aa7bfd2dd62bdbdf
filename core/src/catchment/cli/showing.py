"""How one interaction is laid out on a page of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from catchment._words import say_age
from catchment.cli.printing import Cell, Content, print_line, print_pairs, print_table, print_title
from catchment.cli.wording import say_length, say_moment, say_size

if TYPE_CHECKING:
    from catchment._catalogue.show import Shown, ShownFile, ShownRecording

TONES = {"archived": "good", "quiet": "good", "parked": "bad", "gone": "odd", "skipped": "odd"}


def print_interaction(shown: Shown, zone: str) -> None:
    """Print all of it: what it is, who took part, what there is of it."""
    _print_head(shown, zone)
    if shown.draft is not None and shown.draft.custom:
        print_title("Attributes")
        print_pairs([(f"  {name}", value) for name, value in sorted(shown.draft.custom.items())])
    if shown.parties:
        print_title("Parties")
        parties = [_party(row) for row in shown.parties]
        print_table(("role", "name", "address", "number"), parties, whole=(2, 3))
    if shown.contacts:
        print_title("Contacts")
        _print_contacts(shown, zone)
    names = _name_agents(shown)
    agents = {row["contact_id"]: _name_agent(row, names) for row in shown.contacts}
    for recording in shown.recordings:
        _print_recording(recording, zone, agents)
    if shown.decisions:
        print_title("Decisions")
        rows = [
            (say_moment(one.at, zone), one.who, one.verb, one.item, one.why)
            for one in shown.decisions
        ]
        print_table((f"at ({zone})", "who", "what", "item", "why"), rows, whole=(0, 2, 3))
    if shown.facts:
        print_title("The platform's books")
        facts = [(f.kind, f.fact_id, say_moment(f.at, zone), f.absence) for f in shown.facts]
        print_table(("kind", "id", f"at ({zone})", "absence"), facts, whole=(1, 2))


def _print_head(shown: Shown, zone: str) -> None:
    draft = shown.draft
    length = shown.ended_at - shown.started_at if shown.ended_at else None
    pairs: list[tuple[str, Content]] = [
        ("interaction", Cell(shown.interaction_id, "head")),
        ("also known as", ", ".join(shown.aliases)),
        ("source", shown.source),
        ("what", f"{shown.kind} {shown.external_id}".strip()),
        ("subject", shown.subject),
        ("started", f"{say_moment(shown.started_at, zone, seconds=True)} ({zone})"),
        ("length", say_length(length)),
    ]
    if draft is not None:
        pairs += [("direction", draft.direction), ("from", draft.ani), ("to", draft.dnis)]
    pairs += [
        ("media", shown.media.removeprefix("media: ")),
        ("package", _say_package(shown, zone)),
    ]
    if shown.parked_why:
        pairs.append(("parked", Cell(shown.parked_why, "bad")))
    print_pairs(pairs)


def _say_package(shown: Shown, zone: str) -> str:
    if not shown.version:
        return "not sealed yet"
    news = "; newer news is not sealed yet" if shown.unsealed_since else ""
    return f"version {shown.version}, sealed {say_moment(shown.sealed_at, zone)}{news}"


def _party(row: Mapping[str, Any]) -> Sequence[Content]:
    return row["role"], row["name"], row["email"], row["tel"]


def _name_agents(shown: Shown) -> Mapping[str, str]:
    """Names of agents as the platform writes them, by contact; the catalogue's are folded."""
    if shown.draft is None:
        return {}
    parties = {row["party_id"]: row["name"] or row["email"] for row in shown.parties}
    return {one.contact_id: parties.get(one.agent, "") for one in shown.draft.contacts}


def _print_contacts(shown: Shown, zone: str) -> None:
    names = _name_agents(shown)
    heads = ["agent", f"start ({zone})", "end", "length", "queue", "wrap-up"]
    rows = [_contact(row, names, zone) for row in shown.contacts]
    right = [3]
    if any(row["audio"] for row in shown.contacts):
        heads += ["audio", "plays", "silence", "talk-over", "file"]
        rows = [(*cells, *_audio(row)) for cells, row in zip(rows, shown.contacts, strict=True)]
        right += [7, 8, 9]
    print_table(heads, rows, right=right)
    for row in shown.contacts:
        if row["doubt"]:
            print_line(f"{_name_agent(row, names)}: ", Cell(row["doubt"], "odd"))
        if row["custom"]:
            told = ", ".join(f"{name} {value}" for name, value in sorted(row["custom"].items()))
            print_line(f"{_name_agent(row, names)}: ", Cell(told, "faint"))


def _name_agent(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return names.get(row["contact_id"]) or str(row["agent"])


def _contact(row: Mapping[str, Any], names: Mapping[str, str], zone: str) -> tuple[Content, ...]:
    length = row["ended_at"] - row["started_at"] if row["ended_at"] else None
    start = say_moment(row["started_at"], zone, seconds=True)
    end = say_moment(row["ended_at"], zone, seconds=True)
    agent = _name_agent(row, names)
    return agent, start, end, say_length(length), row["queue"], row["wrap_up"]


def _audio(row: Mapping[str, Any]) -> tuple[Content, ...]:
    """A contact's own audio: whether it is there, and what is in it."""
    lengths = (row[name] for name in ("audio_s", "silence_s", "talk_over_s"))
    told = (say_length(None if one is None else timedelta(seconds=one)) for one in lengths)
    tone = "odd" if row["audio"].startswith("none:") else TONES.get(row["audio"], "")
    return (Cell(row["audio"], tone), *told, _shorten(row["recipe"]))


def _shorten(recipe: str) -> str:
    """A recipe as both tables name it: ``contact@1:3f0c22a1``."""
    family, mark, digest = recipe.partition(":")
    return family + mark + digest[:8]


def _print_recording(recording: ShownRecording, zone: str, agents: Mapping[str, str]) -> None:
    print_title(f"Recording {recording.external_id}")
    late = f", {say_age(recording.late_by)} late" if recording.late_by else ""
    at = say_moment(recording.occurred_at, zone, seconds=True)
    state = Cell(recording.state, TONES.get(recording.state, ""))
    why = f" ({recording.reason})" if recording.reason else ""
    print_line(f"{at}{late}, ", state, why)
    if recording.files:
        heads = ("file", "kind", "form", "state", "size", "length", "SHA-256")
        rows = [_file(file, agents) for file in recording.files]
        print_table(heads, rows, right=(4, 5), whole=(0, 1, 2, 3, 6), spare=(6, 2))
    for file in recording.files:
        remark = file.note if file.state == "archived" else file.reason
        if remark:
            print_line(f"{_name_file(file, agents)}: ", Cell(remark, "odd"))


def _name_file(file: ShownFile, agents: Mapping[str, str]) -> str:
    """The platform's id of an original; of what was made, the recipe, and whose audio it is."""
    version = f" v{file.version}" if file.version > 1 else ""
    agent = agents.get(file.contact) or file.contact
    name = " ".join(filter(None, (f"  {_shorten(file.recipe)}", agent)))
    return (name if file.recipe else file.file_id) + version


def _file(file: ShownFile, agents: Mapping[str, str]) -> Sequence[Content]:
    size = say_size(file.size_bytes) if file.size_bytes is not None else ""
    length = say_length(file.measured.duration) if file.measured else ""
    state = Cell(file.state, TONES.get(file.state, ""))
    digest = (file.sha256 or "")[:12]
    return _name_file(file, agents), file.kind, file.form, state, size, length, digest
