"""Step ``hooks``: how an adapter is made, who it says we are, and what becomes of secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from os import environ
from typing import TYPE_CHECKING, Any

from catchment.errors import CatchmentError, Refused
from catchment.model import (
    Account,
    Batch,
    Budget,
    Finding,
    Person,
    Queue,
    Team,
)
from catchment.sandbox import Answer
from catchment.testing.declared import read_period, require_hook
from catchment.testing.rules import Declared, HookFailed, NotApplicable
from catchment.testing.subject import Subject

if TYPE_CHECKING:
    from catchment.testing.scene import Scene

SOUND = (
    *("contract.loads", "contract.name", "contract.must", "contract.marked", "contract.known"),
    *("contract.arguments", "contract.one_value", "contract.wrapper", "contract.words"),
    *("contract.feeds", "contract.waits", "contract.batch", "contract.budgets"),
    *("contract.of", "contract.settings", "contract.secrets", "contract.simulator"),
)
"""Without these nothing can be asked."""

BROKEN = Answer(500, b"upstream")
"""What a platform answers that cannot, just now."""

MADE = "made.answers"
ACCOUNT = "account.answers"
rule = Declared("hooks", *SOUND)
RULES = rule.rules


@rule(
    MADE,
    "The adapter can be made with the settings that its simulator hands out.",
    "Let Simulator.settings give a value for every setting without a default, and let __init__ "
    "make clients and nothing else.",
)
def check_made(subject: Subject) -> Iterator[str]:
    """Read the settings as the program does."""
    adapter = subject.scene.make()
    if not isinstance(adapter, subject.kind):
        yield f"it became a {type(adapter).__name__}"


@rule(
    "made.quiet",
    "Making the adapter sends no request.",
    "Ask in the hooks: __init__ is called where nobody waits for a platform.",
    needs=(MADE,),
)
def check_quiet(subject: Subject) -> Iterator[str]:
    """Count what arrives at the simulator."""
    scene = subject.scene
    before = len(scene.gate.seen)
    scene.make(afresh=True)
    for asked in scene.gate.seen[before:]:
        yield f"__init__ asked for {asked.path} of the host {asked.host}"


@rule(
    "made.chosen",
    "feeds_of gives some of the declared feeds, budgets_of budgets, batch_of numbers of items, and "
    "keeps_of and directory_every_of lengths of time.",
    "Choose among feeds by the settings, the main one first; write lengths as 10m, 3h or 30d, and "
    "None from keeps_of where the platform keeps recordings for ever or nobody knows.",
    needs=(MADE,),
)
def check_chosen(subject: Subject) -> Iterator[str]:
    """Ask with the simulator's settings."""
    scene, declared = subject.scene, {feed.name for feed in subject.kind.feeds}
    kind, settings = subject.kind, scene.table.settings
    if not scene.feeds:
        yield "feeds_of gives no feed for the simulator's settings"
    for feed in scene.feeds:
        if feed.name not in declared:
            yield f"feeds_of gives {feed.name!r}, which feeds does not declare"
    budgets = subject.guard("budgets_of", lambda: kind.budgets_of(settings))
    for name, budget in budgets.items():
        if not isinstance(budget, Budget):
            yield f"budgets_of gives {budget!r} for {name!r}"
    for name, size in scene.batch.items():
        if not isinstance(size, int) or size < 1:
            yield f"batch_of gives {name} {size!r} items"
    kept = subject.guard("keeps_of", lambda: kind.keeps_of(settings))
    every = subject.guard("directory_every_of", lambda: kind.directory_every_of(settings))
    subject.guard("reads_whole_directory_of", lambda: kind.reads_whole_directory_of(settings))
    for name, length in (("keeps_of", kept), ("directory_every_of", every)):
        if read_period(length) is None and not (name == "keeps_of" and length is None):
            yield f"{name} gives {length!r}, which is no length of time"


@rule(
    ACCOUNT,
    "account gives an Account with an id, with the simulator's credential.",
    "Ask the platform who the credential belongs to, and return Account(its id).",
    needs=(MADE,),
)
def check_account(subject: Subject) -> Iterator[str]:
    """Ask once."""
    account = subject.scene.ask("account")
    if not isinstance(account, Account):
        yield f"account gave a {type(account).__name__}"
    elif not account.account_id or not isinstance(account.account_id, str):
        yield f"the account's id is {account.account_id!r}"


@rule(
    "account.same",
    "account gives the same id whoever asks and however often.",
    "Use the platform's own id of the account: another id stops the source before anything is "
    "written.",
    needs=(ACCOUNT,),
)
def check_same_account(subject: Subject) -> Iterator[str]:
    """Ask three new instances, some time apart."""
    scene = subject.scene
    told = []
    for _ in range(3):
        told.append(scene.ask("account", scene.make(afresh=True)).account_id)
        scene.stage.clock.wait(1)
    if len(set(told)) > 1:
        yield f"it was {' and then '.join(map(repr, told))}"


@rule(
    "check.passes",
    "check yields findings, and every one passes with the simulator's credential.",
    "Try each permission on the request that needs it; 'fail' only what the feeds cannot do "
    "without, and give every finding that does not pass a remedy.",
    needs=(ACCOUNT,),
)
def check_findings(subject: Subject) -> Iterator[str]:
    """Read what ``catchment check`` would print."""
    require_hook(subject, "check")
    findings = subject.scene.ask("check")
    if not findings:
        yield "check yielded nothing"
    for finding in findings:
        if not isinstance(finding, Finding):
            yield f"check yielded a {type(finding).__name__}"
        elif finding.verdict == "fail":
            yield f"{finding.what}: {finding.detail}"
        elif finding.verdict == "warn" and not finding.remedy:
            yield f"{finding.what} warns and says no remedy"


@rule(
    "account.refused",
    "With a wrong secret account raises Refused.",
    "Let the refusal of the token endpoint, or a 401, leave the hook as Refused or TokenRejected.",
    needs=(ACCOUNT,),
)
def check_refused(subject: Subject) -> Iterator[str]:
    """Every secret of the settings is a wrong one for once."""
    scene = subject.scene
    if not scene.stage.platform.secrets():
        raise NotApplicable("the simulator has no secrets")
    with scene.wrong_secrets():
        try:
            account = scene.ask("account", scene.make(afresh=True))
        except Refused:
            return
        except CatchmentError as error:
            yield f"account raised {type(error).__name__}: {error}"
        else:
            yield f"account answered {account}"


@rule(
    "check.refused",
    "With a wrong secret check does not pass.",
    "Prove the credential itself, by a request, before any permission.",
    needs=("check.passes",),
)
def check_wrong_findings(subject: Subject) -> Iterator[str]:
    """Somebody runs ``catchment check`` because something is wrong."""
    scene = subject.scene
    if not scene.stage.platform.secrets():
        raise NotApplicable("the simulator has no secrets")
    with scene.wrong_secrets():
        try:
            findings = scene.ask("check", scene.make(afresh=True))
        except CatchmentError:
            return
    if not any(one.verdict == "fail" for one in findings):
        yield f"check passed: {', '.join(one.what for one in findings) or 'nothing was tried'}"


@rule(
    "directory.answers",
    "sync_directory yields Person, Team and Queue, each once, and each person with a reference.",
    "Yield every row of the directory once; the id that stays comes first in Person.refs.",
    needs=(ACCOUNT,),
)
def check_directory(subject: Subject) -> Iterator[str]:
    """Read the whole directory."""
    require_hook(subject, "sync_directory")
    seen: set[object] = set()
    for row in subject.scene.ask("sync_directory"):
        if not isinstance(row, Person | Team | Queue):
            yield f"it yielded a {type(row).__name__}"
            continue
        refs = row.refs if isinstance(row, Person) else (row.ref,)
        if not refs:
            yield "it yielded a person without a reference"
            continue
        if (type(row), refs[0]) in seen:
            yield f"it yielded the {type(row).__name__} {refs[0]} twice"
        seen.add((type(row), refs[0]))


def check_hidden(subject: Subject) -> Iterator[str]:
    """Read all that was said, on good days and on bad ones."""
    scene = subject.scene
    _ask_everything(scene)
    with scene.gate.answering(lambda asked: BROKEN):
        _ask_everything(scene)
    with scene.wrong_secrets():
        wrong = {environ[name] for name in scene.stage.platform.secrets()}
        _ask_everything(scene)
    yield from scene.overheard.list_leaks(scene.secrets | wrong | scene.signatures)


def _ask_everything(scene: Scene) -> None:
    """Ask a new instance whatever can be asked; what comes of it is overheard."""
    try:
        adapter, recordings = scene.make(afresh=True), scene.recordings[:1]
    except (CatchmentError, HookFailed):
        return  # that is another rule's
    span = max(scene.listings, key=lambda one: len(one.names)).span
    feed = next(one for one in scene.feeds if one.name == span.feed)
    batch = Batch(tuple(recordings), scene.now(), renew=True)
    questions: dict[str, dict[str, Any]] = {
        "account": {},
        "check": {},
        "partitions": {"feed": feed},
        "poll": {"span": span},
        "fetch_metadata": {"batch": batch},
        "fetch_media": {"batch": batch},
        "sync_directory": {},
    }
    wanted = [("recover", {"ids": [item_id]}) for item_id in (*batch.ids, "no-such-id")]
    for hook, arguments in [*questions.items(), *wanted]:
        if hook in scene.subject.list_hooks():
            with suppress(CatchmentError, HookFailed):
                scene.ask(hook, adapter, **arguments)


LATE_RULE = Declared("hooks", *SOUND)
LATE_RULE(
    "secrets.hidden",
    "No secret, no token and no signed link stands in a finding, a reason, an error or the log.",
    "Build messages from names and numbers, never from requests or answers.",
    needs=(ACCOUNT,),
)(check_hidden)
LAST_RULES = LATE_RULE.rules
"""Tried when everything else was asked."""
