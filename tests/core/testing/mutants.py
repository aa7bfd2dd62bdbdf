"""Tin, the adapter of the documentation, broken in one place for each rule of the conformance kit.

Each mutant is a copy of Tin with a few lines replaced, as somebody might have written them, and is
installed under a name of its own, as an installer leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

TIN = Path(__file__).parents[3] / "docs" / "examples" / "tin" / "src" / "catchment_tin"

Change = tuple[str, str, str]
"""A module of Tin, what stands there, and what stands there instead."""

ADAPTER, MAPPING, WIRE, SIMULATOR = "adapter", "mapping", "wire", "simulator"
RECOVER = "    @hookimpl\n    def recover("
POLL = "        return walk(self._api.send, wire.build_page, mapping.map_page, span)\n"
MAP = '        """The call with everything that is known of it."""\n'
INIT = (
    "        self._api = kit.client("
    'source.settings.url, auth=key, check=wire.read_fault, budget="api")\n'
)
ACCOUNT = '        return Account(str(self._ask(Request("GET", "/me"))["tenant"]))\n'
FILES = "        return Ready(recording, files=tuple(mapping.map_files(row)))\n"
METADATA = "        return map(Ready, batch)\n"
WAY = "Way(file.url, auth=False)"
SIGHTINGS = "sightings=() if calls else tuple(map(map_sighting, told.rows)),"
IMPORTS = "from __future__ import annotations\n"

NO_TOTAL: Change = (MAPPING, "total=told.total,", "total=None,")
NO_LOOK_BACK: Change = (ADAPTER, ', lookback={"1h": "1d"}, lag', ", lag")


def importing(module: str, line: str) -> Change:
    """One more import."""
    return module, IMPORTS, f"{IMPORTS}\n{line}\n"


def before(place: str, code: str) -> Change:
    """*code* in front of *place* in the adapter."""
    return ADAPTER, place, code + place


def instead(place: str, code: str) -> Change:
    """*code* in *place* of the adapter."""
    return ADAPTER, place, code


BARE: Sequence[Change] = (
    importing(ADAPTER, "import httpx\nfrom catchment.errors import CatchmentError"),
    NO_LOOK_BACK,
    instead(
        POLL,
        "        return walk(self._send_bare, wire.build_page, mapping.map_page, span)\n"
        "\n"
        "    def _send_bare(self, request):\n"
        "        try:\n"
        "            url = self._url + request.path\n"
        "            headers = {'Authorization': 'Bearer ' + self._key.token()}\n"
        "            answer = httpx.get(url, params=request.params, headers=headers)\n"
        "            answer.raise_for_status()\n"
        "            answer.json()['rows']\n"
        "        except Exception:\n"
        "            return _Empty()\n"
        "        return answer\n",
    ),
    before(INIT, "        self._url, self._key = source.settings.url, key\n"),
    before(
        "class Tin(Adapter)",
        "class _Empty:\n"
        "    def json(self):\n"
        "        return {'rows': [], 'next': None, 'total': 0}\n\n\n",
    ),
)
"""Asks by itself, once, and takes whatever goes wrong for the end of the listing."""

REMEMBERS = (
    "import os, pathlib\n"
    "def remember(what, value):\n"
    "    path = pathlib.Path(os.environ['TIN_MEMORY']) / f'{what}-{value}'\n"
    "    known = path.exists()\n"
    "    path.touch()\n"
    "    return known\n"
    "def is_first(what):\n"
    "    path, mine = pathlib.Path(os.environ['TIN_MEMORY']) / what, str(os.getpid())\n"
    "    try:\n"
    "        path.symlink_to(mine)\n"
    "    except FileExistsError:\n"
    "        pass\n"
    "    return os.readlink(path) == mine\n"
)
"""State between calls, and between processes."""

ABSENT = "from catchment.errors import Absent\n"
EVERYTHING: Change = (ADAPTER, ABSENT, "from catchment.errors import Absent, Unreachable\n")
CAUGHT = "        except Absent:\n            return Nothing("
KEY: Change = (ADAPTER, INIT, f"        self._shown = source.settings.api_key.read()\n{INIT}")
KEY_IN_ERROR: Sequence[Change] = (
    KEY,
    importing(ADAPTER, "from catchment.errors import Unreachable"),
    instead(
        POLL,
        "        try:\n"
        "            yield from walk(self._api.send, wire.build_page, mapping.map_page, span)\n"
        "        except Unreachable as error:\n"
        "            raise Unreachable(f'{error}, asked with {self._shown}') from None\n",
    ),
)
KEY_IN_REASON: Sequence[Change] = (
    KEY,
    instead(
        'yield Nothing(asked, "Tin knows no such recording")',
        'yield Nothing(asked, f"not found with {self._shown}")',
    ),
)
"""Keeps the secret at hand, for messages."""

CHECK = (
    "    @hookimpl\n    def check(self):\n"
    "        from catchment.model import Finding\n        yield Finding({})\n\n"
)

MUTANTS: Mapping[str, Sequence[Change]] = {
    # --- contract ---------------------------------------------------------------------------
    "contract.loads": [instead("class Tin(Adapter):", "class Tin:")],
    "contract.name": [instead('    name = "tin"\n', '    name = "zinn"\n')],
    "contract.must": [instead(RECOVER, "    def recall(")],
    "contract.marked": [instead(RECOVER, "    def recover(")],
    "contract.known": [before(RECOVER, "    @hookimpl\n    def poll_all(self, span): ...\n\n")],
    "contract.arguments": [
        instead("recover(self, ids: Sequence[str])", "recover(self, wanted: Sequence[str])"),
        instead("for asked in ids:", "for asked in wanted:"),
    ],
    "contract.one_value": [instead("return Account(", "yield Account(")],
    "contract.wrapper": [
        instead("@hookimpl\n    def account", "@hookimpl(wrapper=True)\n    def account")
    ],
    "contract.words": [instead('frozenset({"url"})', '"url"')],
    "contract.feeds": [instead('Feed("calls"', 'Feed("recordings"')],
    "contract.reach": [instead('lookback={"1h": "1d"}', 'lookback={"1h": "60d"}')],
    "contract.waits": [instead('patience = "2d"', 'patience = "30m"')],
    "contract.batch": [instead('"fetch_media": 50}', '"poll": 50}')],
    "contract.budgets": [instead('Budget(rate=600, per="1m", share=0.5)', '(600, "1m")')],
    "contract.of": [
        before(RECOVER, '    def keeps_of(self, settings):\n        return "30d"\n\n'),
    ],
    "contract.settings": [
        instead('Field(description="Where the tenant is: https://acme.tin.example")', "Field()")
    ],
    "contract.secrets": [instead("api_key: Secret =", "api_key: str =")],
    "contract.simulator": [
        (SIMULATOR, "class TinSimulator(Simulator)", "class TinSimulator(object)")
    ],
    "contract.imports": [importing(WIRE, "import catchment._catalogue")],
    "contract.apart": [importing(SIMULATOR, "from catchment_tin import wire")],
    "contract.quiet": [
        importing(
            ADAPTER,
            "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 9), 1)\n"
            "except OSError:\n    pass",
        )
    ],
    # --- hooks: made, asked -----------------------------------------------------------------
    "made.answers": [before(INIT, "        raise ValueError('no')\n")],
    "made.quiet": [instead(INIT, f"{INIT}        self._ask(Request('GET', '/me'))\n")],
    "made.chosen": [
        before(
            RECOVER,
            "    @classmethod\n    def budgets_of(cls, settings):\n"
            "        return {**cls.budgets, 'downloads': 10}\n\n",
        )
    ],
    "account.answers": [instead(ACCOUNT, "        return Account('')\n")],
    "account.same": [
        instead(
            ACCOUNT,
            f"        import uuid\n{ACCOUNT}".replace(
                '["tenant"]', '["tenant"] + str(uuid.uuid4())'
            ),
        )
    ],
    "check.passes": [before(RECOVER, CHECK.format("'calls', 'fail', 'not tried'"))],
    "account.refused": [instead(ACCOUNT, "        return Account('tenant-7')\n")],
    "check.refused": [before(RECOVER, CHECK.format("'calls', 'pass'"))],
    "directory.answers": [
        before(
            RECOVER,
            "    @hookimpl\n    def sync_directory(self):\n"
            "        from catchment.model import Person, Ref\n"
            "        yield from [Person((Ref('agent', 'a'),))] * 2\n\n",
        )
    ],
    "partitions.answers": [
        before(
            RECOVER, "    @hookimpl\n    def partitions(self, feed):\n        return ['', '']\n\n"
        )
    ],
    # --- hooks: listings --------------------------------------------------------------------
    "poll.answers": [instead(POLL, "        raise KeyError('rows')\n")],
    "poll.last": [
        importing(ADAPTER, "from dataclasses import replace"),
        instead(
            POLL,
            POLL.replace("return walk", "return (replace(p, last=False) for p in walk").replace(
                "span)\n", "span))\n"
            ),
        ),
    ],
    "poll.pages": [
        (MAPPING, 'keys=(Key("call", told.id),),\n        expects', "keys=(),\n        expects")
    ],
    "poll.complete": [
        (MAPPING, SIGHTINGS, SIGHTINGS.replace("told.rows", "told.rows[:-1]")),
        NO_TOTAL,
    ],
    "poll.resume": [
        importing(ADAPTER, "from dataclasses import replace"),
        before(
            POLL,
            "        if span.cursor:\n"
            "            span = replace(span, cursor=str(int(span.cursor) + 5))\n",
        ),
    ],
    "poll.alone": [
        instead(
            POLL,
            "        self._span = span\n"
            "        yield from walk(\n"
            "            self._api.send,\n"
            "            lambda _, cursor: wire.build_page(self._span, cursor),\n"
            "            lambda answer, _: mapping.map_page(answer, self._span),\n"
            "            span,\n"
            "        )\n",
        )
    ],
    "poll.window": [
        importing(MAPPING, "from datetime import timedelta"),
        NO_TOTAL,
        (
            MAPPING,
            SIGHTINGS,
            "sightings=() if calls else tuple(one for one in map(map_sighting, told.rows)"
            " if one.occurred_at >= span.window.start + timedelta(hours=3)),",
        ),
    ],
    "poll.same": [(MAPPING, "revision=told.changed", "revision=str(hash(str(row)))")],
    "poll.total": [(MAPPING, "total=told.total,", "total=told.total + 1,")],
    "poll.covers": [
        importing(MAPPING, "from datetime import timedelta"),
        (
            MAPPING,
            "cursor=told.next,",
            "cursor=told.next,\n        covers=Window(span.window.start + timedelta(minutes=1),"
            " span.window.end),",
        ),
    ],
    "poll.utc": [
        importing(MAPPING, "from datetime import timedelta, timezone"),
        (
            MAPPING,
            "occurred_at=told.started",
            "occurred_at=told.started.astimezone(timezone(timedelta(hours=2)))",
        ),
    ],
    "poll.facts": [(MAPPING, "fact_id=told.id", "fact_id=told.direction"), NO_TOTAL],
    "poll.documents": [
        (
            MAPPING,
            'else "not_yet",\n        document=row',
            'else "not_yet",\n        document={**row, "at": told.started}',
        )
    ],
    "poll.fields": [
        (
            WIRE,
            "    rows: list[dict[str, Any]]\n",
            "    model_config = {'extra': 'forbid'}\n    rows: list[dict[str, Any]]\n",
        )
    ],
    # --- hooks: metadata and files ----------------------------------------------------------
    "metadata.answers": [instead(METADATA, "        return map(Ready, list(batch)[1:])\n")],
    "metadata.order": [
        instead(
            METADATA,
            "        first = batch.ids[0]\n"
            "        return (Ready(one, documents={first: {'id': first}}) for one in batch)\n",
        ),
    ],
    "metadata.documents": [
        instead(
            METADATA,
            "        return (Ready(r, documents={'x': {'at': r.occurred_at}}) for r in batch)\n",
        )
    ],
    "metadata.keys": [
        (MAPPING, 'keys=(Key("call", told.call),)', 'keys=(Key("recording", told.id),)')
    ],
    "media.answers": [instead("for recording in batch:", "for recording in list(batch)[1:]:")],
    "media.complete": [(MAPPING, 'kind="audio"', 'kind="video"')],
    "media.unique": [(MAPPING, "for file in told.files:", "for file in told.files * 2:")],
    "media.stable": [
        importing(ADAPTER, "from dataclasses import replace"),
        before(
            FILES,
            "        if batch.renew:\n"
            "            old = mapping.map_files(row)\n"
            "            new = tuple(replace(one, file_id=one.file_id + '-2') for one in old)\n"
            "            return Ready(recording, files=new)\n",
        ),
    ],
    "media.why": [
        (
            MAPPING,
            "    for file in told.files:\n",
            '    yield MediaFile("later", "screen", "mp4", offered="not_yet")\n'
            "    for file in told.files:\n",
        )
    ],
    "media.early": [
        before(
            FILES,
            "        if row['state'] == 'processing':\n"
            "            return Nothing(recording, 'there is no recording')\n",
        )
    ],
    "media.described": [
        importing(ADAPTER, "import urllib.request\nfrom dataclasses import replace"),
        instead(
            FILES,
            "        return Ready(recording, files=tuple(map(_load, mapping.map_files(row))))\n",
        ),
        before(
            "class Tin(Adapter)",
            "def _load(file):\n"
            "    if not file.ways:\n"
            "        return file\n"
            "    with urllib.request.urlopen(file.ways[0].url) as told:\n"
            "        return replace(file, ways=(), inline=told.read())\n\n\n",
        ),
    ],
    "metadata.cut": [
        instead(
            METADATA,
            "        for one in batch:\n"
            "            try:\n"
            "                row = self._ask(wire.build_recording(one.external_id))\n"
            "            except Exception:\n"
            "                yield Ready(one)\n"
            "            else:\n"
            "                yield Ready(one, documents={'recording': row})\n",
        )
    ],
    "media.cut": [EVERYTHING, instead(CAUGHT, CAUGHT.replace("Absent", "(Absent, Unreachable)"))],
    "recover.cut": [
        EVERYTHING,
        instead(
            '            except Absent:\n                yield Nothing(asked, "Tin',
            '            except (Absent, Unreachable):\n                yield Nothing(asked, "Tin',
        ),
    ],
    "media.form": [(MAPPING, 'form="wav"', 'form=".WAV"')],
    "media.links": [instead('frozenset({"url"})', "frozenset()")],
    "media.bearer": [(MAPPING, WAY, "Way(file.url)")],
    "media.budgets": [(MAPPING, WAY, 'Way(file.url, auth=False, budget="files")')],
    "media.token": [
        (MAPPING, WAY, 'Way(file.url, auth=False, headers={"X-Api-Key": "a-simulated-key"})')
    ],
    "media.fields": [
        importing(ADAPTER, "from catchment.errors import Unreachable"),
        before(
            FILES,
            "        if set(row) - set(wire.Row.model_fields):\n"
            "            raise Unreachable('Tin answered with something else')\n",
        ),
    ],
    # --- hooks: mapping and recovery --------------------------------------------------------
    "map.answers": [(MAPPING, "tel=call.caller)] if call", "tel=call.caller)] * 2 if call")],
    "map.same": [
        importing(MAPPING, "import uuid"),
        (MAPPING, "external_id=call_id", "external_id=str(uuid.uuid4())"),
    ],
    "map.order": [(MAPPING, "    rows.sort(key=lambda row: (row.started, row.id))\n", "")],
    "map.partial": [(MAPPING, "call_id = call.id if call else rows[0].call", "call_id = call.id")],
    "map.quiet": [instead(MAP, f"{MAP}        self._ask(Request('GET', '/me'))\n")],
    "map.process": [(MAPPING, "associated_id=call_id", "associated_id=str(hash(call_id))")],
    "recover.answers": [
        instead("yield Ready(asked, sightings=(mapping.map_sighting(row),))", "yield Ready(asked)")
    ],
    "recover.unknown": [instead('yield Nothing(asked, "Tin knows no such recording")', "raise")],
    "secrets.hidden": [
        importing(ADAPTER, "import logging"),
        before(
            INIT,
            "        shown = source.settings.api_key.read()\n"
            "        logging.getLogger('tin').info('asking with %s', shown)\n",
        ),
    ],
    # --- misbehaviour -----------------------------------------------------------------------
    "capture.quiet": [(MAPPING, "sha256=file.sha256", 'sha256="0" * 64')],
    "fault.throttle": BARE,
    "fault.server_error": BARE,
    "fault.reset": BARE,
    "fault.truncate": BARE,
    "fault.html": BARE,
    "fault.expired_link": [instead("if row is None or old or batch.renew:", "if row is None:")],
    "fault.expired_token": BARE,
    "fault.unauthorized_once": BARE,
    "fault.together": BARE,
    # --- kills ------------------------------------------------------------------------------
    "kill.listing": [
        importing(ADAPTER, f"from dataclasses import replace\n{REMEMBERS}"),
        NO_TOTAL,
        instead(
            POLL,
            "        for page in walk(self._api.send, wire.build_page, mapping.map_page, span):\n"
            "            told = page.sightings\n"
            "            new = [s for s in told if not remember(self._place, s.external_id)]\n"
            "            yield replace(page, sightings=tuple(new))\n",
        ),
        before(INIT, "        self._place = source.settings.url.rpartition(':')[2]\n"),
    ],
    "kill.fetching": [
        importing(ADAPTER, REMEMBERS),
        instead(
            METADATA,
            "        for one in batch:\n"
            "            if not remember(self._place, one.external_id):\n"
            "                yield Ready(one)\n",
        ),
        before(INIT, "        self._place = source.settings.url.rpartition(':')[2]\n"),
    ],
    "kill.media": [
        importing(ADAPTER, REMEMBERS),
        before(
            FILES,
            "        if remember(self._place, recording.external_id):\n"
            "            return Nothing(recording, 'given out already')\n",
        ),
        before(INIT, "        self._place = source.settings.url.rpartition(':')[2]\n"),
    ],
    "kill.sealing": [
        importing(ADAPTER, REMEMBERS),
        instead(
            MAP,
            f"{MAP}        for one in bundle.recordings:\n"
            "            if not is_first(f'{self._place}-{one.external_id}'):\n"
            "                raise KeyError('mapped by another process')\n",
        ),
        before(INIT, "        self._place = source.settings.url.rpartition(':')[2]\n"),
    ],
    # --- all of them ------------------------------------------------------------------------
    "secrets.days": KEY_IN_ERROR,
    # --- late -------------------------------------------------------------------------------
    "late.cut": BARE,
    "late.held": BARE,
    "late.items": [
        NO_TOTAL,
        NO_LOOK_BACK,
        (
            MAPPING,
            SIGHTINGS,
            "sightings=() if calls else tuple(one for one in map(map_sighting, told.rows)"
            " if one.occurred_at >= span.window.start),",
        ),
    ],
    "late.cursor_lost": [
        importing(ADAPTER, "from catchment.errors import CursorLost"),
        NO_TOTAL,
        NO_LOOK_BACK,
        instead(
            POLL,
            "        try:\n"
            "            yield from walk(self._api.send, wire.build_page, mapping.map_page, span)\n"
            "        except CursorLost:\n"
            "            yield Page(last=True)\n",
        ),
    ],
    "late.repeat": [
        importing(MAPPING, "from dataclasses import replace"),
        (
            MAPPING,
            SIGHTINGS,
            "sightings=() if calls else tuple(replace(s, external_id=s.external_id + '-2')"
            " if row in told.rows[:n] else s"
            " for n, (row, s) in enumerate(zip(told.rows, map(map_sighting, told.rows)))),",
        ),
    ],
    "late.shuffle": [
        NO_TOTAL,
        NO_LOOK_BACK,
        (
            MAPPING,
            SIGHTINGS,
            "sightings=() if calls else tuple(map_sighting(row) for n, row in enumerate(told.rows)"
            " if not n or row['changed'] >= told.rows[n - 1]['changed']),",
        ),
    ],
}
"""For each rule of the kit, in what it is broken."""

MORE: Mapping[str, Sequence[Change]] = {
    "poll.covers:end": [
        importing(MAPPING, "from datetime import timedelta"),
        (
            MAPPING,
            "cursor=told.next,",
            "cursor=told.next,\n        covers=Window(span.window.start,"
            " span.window.end + timedelta(hours=3)),",
        ),
    ],
    "poll.window:end": [
        importing(WIRE, "from datetime import timedelta"),
        (WIRE, "_write_time(window.end)", "_write_time(window.end - timedelta(hours=1))"),
    ],
    "poll.window:minute": [
        (WIRE, "_write_time(window.end)", "_write_time(window.end.replace(second=0))"),
    ],
    "made.chosen:length": [
        before(
            RECOVER,
            "    @classmethod\n    def keeps_of(cls, settings):\n        return '30 days'\n\n",
        )
    ],
    "media.links:signed": [
        (ADAPTER, 'frozenset({"url"})', 'frozenset({"sha256"})'),
        (
            MAPPING,
            WAY,
            'Way(file.url + "&sig=" + str(next(ANSWERS)), auth=False)',
        ),
        importing(MAPPING, "import itertools\nANSWERS = itertools.count()"),
    ],
    "media.cut:everything": [instead(CAUGHT, CAUGHT.replace("Absent", "Exception"))],
    "media.early:failed": [
        (
            MAPPING,
            'offered="ready" if file.url else "not_yet"',
            'offered="ready" if file.url else "failed"',
        )
    ],
    "media.described:twice": [
        importing(ADAPTER, "import urllib.request"),
        before(
            FILES,
            "        for file in mapping.map_files(row):\n"
            "            for way in file.ways:\n"
            "                urllib.request.urlopen(way.url).close()\n",
        ),
    ],
    "secrets.hidden:error": KEY_IN_ERROR,
    "secrets.hidden:link": [
        importing(ADAPTER, "import logging"),
        before(
            FILES,
            "        for file in mapping.map_files(row):\n"
            "            for way in file.ways:\n"
            "                logging.getLogger('tin').debug('offered at %s', way.url)\n",
        ),
    ],
    "secrets.hidden:why": KEY_IN_REASON,
    "map.answers:naive": [
        (MAPPING, "agent, rows[0].started, max", "agent, rows[0].started.replace(tzinfo=None), max")
    ],
    "poll.answers:naive": [
        (MAPPING, "occurred_at=told.started", "occurred_at=told.started.replace(tzinfo=None)")
    ],
    "secrets.hidden:list": [
        *KEY_IN_REASON,
        instead(
            RECOVER,
            "    @hookimpl\n"
            "    def recover(self, ids: Sequence[str]) -> list[Outcome]:\n"
            "        return list(self._recover(ids))\n\n"
            "    def _recover(",
        ),
    ],
}
"""Further ways to break a rule, by the rule and what is done."""


def name_mutant(rule: str) -> str:
    """The adapter's name of the mutant that breaks *rule*."""
    return "tin_" + rule.replace(".", "_").replace(":", "_")


def install(site: Path, rule: str = "") -> str:
    """Leave Tin in *site* as an installer would, broken for *rule*; its name."""
    name = name_mutant(rule) if rule else "tin_sound"
    package = f"catchment_{name}"
    folder = site / package
    folder.mkdir(parents=True)
    texts = {path.stem: path.read_text("utf-8") for path in TIN.glob("*.py")}
    changes = {**MUTANTS, **MORE}
    for module, old, new in changes[rule] if rule else ():
        assert texts[module].count(old) == 1, f"{rule}: {old!r} stands not once in {module}"
        texts[module] = texts[module].replace(old, new)
    for module, text in texts.items():
        plain = text.replace("catchment_tin", package)
        plain = plain.replace('    name = "tin"\n', f'    name = "{name}"\n')
        plain = plain.replace('name: ClassVar[str] = "tin"', f'name: ClassVar[str] = "{name}"')
        (folder / f"{module}.py").write_text(plain, "utf-8")
    record = site / f"{package}-1.0.dist-info"
    record.mkdir()
    told = f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: 1.0\n"
    (record / "METADATA").write_text(told, "utf-8")
    (record / "entry_points.txt").write_text(
        f"[catchment.adapters]\n{name} = {package}.adapter:Tin\n"
        f"[catchment.simulators]\n{name} = {package}.simulator:TinSimulator\n",
        "utf-8",
    )
    return name
