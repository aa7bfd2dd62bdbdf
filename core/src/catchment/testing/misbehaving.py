"""Step ``misbehaviour``: a day on which one thing goes wrong, for each thing, and then all (T4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from catchment.sandbox import Faults
from catchment.testing.capturing import CALLS, EVENING, let_pass, run, settle, staged_day
from catchment.testing.fetching import FILES
from catchment.testing.rules import Declared, NotApplicable
from catchment.testing.stage import HOUR
from catchment.testing.subject import Subject

QUIET = "capture.quiet"
SHARE = 1.0
"""Every first answer to the same question is spoilt, and the next one is good."""

RUNS_AMID = 5
"""So many runs are spoilt, unless everything that shall go wrong has gone wrong before."""

Rates = Mapping[str, Mapping[str, float]]

_EVERYWHERE = dict.fromkeys(("token", "list", "document", "download"), SHARE)
_BEHIND_THE_DOOR = dict.fromkeys(("list", "document", "download"), SHARE)

WRONG: Mapping[str, tuple[str, Rates, str]] = {
    "throttle": (
        "Answers of 429",
        {"throttle": _EVERYWHERE},
        "Let the client's RateLimited leave the hook; the engine waits.",
    ),
    "server_error": (
        "Answers of 500, 502 and 503",
        {"server_error": _EVERYWHERE},
        "Let Unreachable leave the hook; never answer it with an empty page or with Nothing.",
    ),
    "reset": (
        "Connections that are cut before the answer",
        {"reset": _EVERYWHERE},
        "Ask through kit.client and let Unreachable leave the hook.",
    ),
    "truncate": (
        "Bodies that are cut",
        {"truncate": _BEHIND_THE_DOOR},
        "Let the core download along MediaFile.ways, tell size_bytes where the platform does, and "
        "raise Unreachable for an answer that cannot be read.",
    ),
    "html": (
        "Pages of HTML in the place of answers",
        {"html": _EVERYWHERE},
        "Raise Unreachable for an answer that is not what was asked for.",
    ),
    "expired_link": (
        "Links that die before their time",
        {"expired_link": {"download": SHARE}},
        "Ask the platform for new links where batch.renew is true.",
    ),
    "expired_token": (
        "Tokens that die before their time",
        {"expired_token": _BEHIND_THE_DOOR},
        "Use kit.oauth or kit.rotating_oauth, and let reject forget the token.",
    ),
    "unauthorized_once": (
        "A 401 for a token that is good",
        {"unauthorized_once": _BEHIND_THE_DOOR},
        "Let the client ask once more with a new token, or with the same.",
    ),
}
"""What goes wrong, how often, and what an adapter does about it."""

THE_CORES = ("slow", "wrong_range", "changed")
"""Faults that are the core's alone to survive: no adapter has a hand in them."""

rule = Declared("misbehaviour", FILES)
RULES = rule.rules


@rule(
    QUIET,
    "On a day on which nothing goes wrong, the archive equals what the platform made available.",
    "Run 'catchment sandbox' with the adapter, capture it with 'catchment run --once', and read "
    "'catchment status': what is parked there has its reason.",
)
def check_quiet(subject: Subject) -> Iterator[str]:
    """Capture a day and compare each byte."""
    with staged_day(subject, "quiet") as stage:
        yield from settle(stage)


def check_fault(subject: Subject, *, name: str) -> Iterator[str]:
    """Capture a day on which *name* goes wrong for an hour, and compare each byte."""
    yield from capture_amid(subject, name, WRONG[name][1], name)


def capture_amid(
    subject: Subject, name: str, rates: Rates, *wanted: str, most: int = 1, calls: int = CALLS
) -> Iterator[str]:
    """Capture a day amid faults and after them, and compare each byte."""
    faults = Faults(seed=5, rates=rates, most=most, until=EVENING + HOUR)
    every = {f"{one}.{group}" for one in wanted for group in rates[one]}
    with staged_day(subject, name, faults, calls=calls) as stage:
        for _ in range(RUNS_AMID):  # what goes wrong first may keep the rest from being asked for
            yield from run(stage)
            if every <= faults.counts.keys():
                break
            stage.clock.advance(HOUR / RUNS_AMID)
        let_pass(stage, EVENING + HOUR)
        yield from settle(stage)
    if not any(faults.counts[one] for one in wanted):
        raise NotApplicable("the simulator asks its fault layer for it nowhere")


for _name, (_what, _rates, _remedy) in WRONG.items():
    rule(
        f"fault.{_name}",
        f"{_what} cost nothing: in the end the archive equals what the platform made available.",
        _remedy,
        needs=(QUIET,),
        sampled=True,
    )(partial(check_fault, name=_name))


@rule(
    "fault.together",
    "All of that at once costs nothing either.",
    "Try the faults one by one: catchment conform NAME --step misbehaviour, without --quick.",
    needs=(QUIET,),
)
def check_together(subject: Subject) -> Iterator[str]:
    """Everything goes wrong, each a little."""
    rates = {
        fault: dict.fromkeys(groups, 0.25)
        for _, told, _ in WRONG.values()
        for fault, groups in told.items()
    }
    rates |= {fault: {"download": 0.15} for fault in THE_CORES}
    yield from capture_amid(subject, "together", rates, *rates, most=2)
