"""What is wrong with this installation, and the command that mends it.

Looks only: nothing is changed, nothing is sent to a model or posted. Each check is bounded, and one
that fails does not keep the others from being made.
"""

import asyncio
import shlex
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.kafka.connection import reach
from responder.adapters.postgres import migrate as schema
from responder.adapters.postgres.engine import transaction
from responder.app.configuration import BadConfiguration, load
from responder.app.data_folder import (
    configuration_file,
    console_address,
    is_open_to_others,
    location,
)
from responder.app.database import command_engine
from responder.app.logs import kafka_options
from responder.engagement.errors import ResponderError
from responder.engagement.events import TOPICS
from responder.reconcile.ports import Finding, Level
from responder.settings import Settings
from responder.stream.log import LogError
from responder.web.console.words import counted

CHECK_SECONDS = 15.0
LOW_DISK_BYTES = 1_000_000_000
KAFKA_AWAY = (
    "see that a broker runs there (docker compose up -d kafka starts ours), that"
    " RESPONDER_KAFKA__BOOTSTRAP_SERVERS names it, and that RESPONDER_KAFKA__SECURITY_PROTOCOL and"
    " what belongs to it are what it wants"
)
_WAITING = text("""
    SELECT (SELECT count(*) FROM dead_letter WHERE status IN ('open', 'retried')) AS letters,
      count(*) FILTER (WHERE state = 'delivery_failed') AS failed,
      count(*) FILTER (WHERE state = 'delivery_unknown') AS unknown
    FROM engagement WHERE state IN ('delivery_failed', 'delivery_unknown')
    """)


@dataclass(frozen=True, slots=True)
class _Check:
    what: str
    look: Callable[[], Awaitable[Sequence[Finding]]]


async def examine(settings: Settings, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """All findings, in the order in which they should be mended."""
    doctor = _Doctor(settings, environ)
    checks = [
        _Check("configuration", doctor.configuration),
        _Check("disk", doctor.disk),
        _Check("secrets", doctor.secrets),
        _Check("database", doctor.database),
        _Check("log", doctor.log),
        _Check("model", doctor.model),
    ]
    return tuple([finding for each in checks for finding in await _bounded(each)])


async def _bounded(check: _Check) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check.look()
    except TimeoutError:
        return [_fail(check.what, f"no answer within {CHECK_SECONDS:.0f} s")]
    except (ResponderError, LogError, OSError) as error:
        return [_fail(check.what, str(error))]


class _Doctor:
    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ

    async def configuration(self) -> Sequence[Finding]:
        file = configuration_file(self._settings, self._environ)
        if not file.exists():
            return [_warn("configuration", f"{file} is not there yet", "responder up")]
        try:
            found = load(file)
        except BadConfiguration as bad:
            return [_fail("configuration", str(bad), "responder config check")]
        sources = len(found.workspace.sources)
        return [_ok("configuration", f"{file}: {sources} source{'' if sources == 1 else 's'}")]

    async def disk(self) -> Sequence[Finding]:
        folder = location(self._settings, self._environ)
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        says = f"{free / 1e9:.1f} GB free at {folder}"
        return [_ok("disk", says) if free >= LOW_DISK_BYTES else _fail("disk", says)]

    async def secrets(self) -> Sequence[Finding]:
        folder = location(self._settings, self._environ) / "secrets"
        if not folder.exists():
            return []
        found = [each for each in (folder, *sorted(folder.iterdir())) if is_open_to_others(each)]
        if not found:
            return [_ok("secrets", f"{folder}: nobody else can read them")]
        mends = " ".join(shlex.quote(str(each)) for each in found)
        return [
            _fail(
                "secrets",
                f"others can get at {', '.join(each.name for each in found)} in {folder}",
                f"chmod go= {mends}",
            )
        ]

    async def database(self) -> Sequence[Finding]:
        async with command_engine(self._settings, self._environ) as engine:
            version = await _server_version(engine)
            schema_found = await _schema(engine)
            found = [_ok("database", f"PostgreSQL {version}"), schema_found]
            if schema_found.level is Level.OK:
                found += [*await self._waits(engine), *await self._strangers(engine)]
            return found

    async def _strangers(self, engine: AsyncEngine) -> Sequence[Finding]:
        """Names in the configuration that nobody has: a step for them reaches nobody."""
        try:
            policies = load(configuration_file(self._settings, self._environ)).workspace.policies
        except BadConfiguration:
            return []  # said already, with its lines
        named = {
            each.person for policy in policies.values() for each in policy.steps if each.person
        }
        async with transaction(engine) as connection:
            rows = await connection.execute(text("SELECT lower(name) FROM person"))
            known = set(rows.scalars())
        return [
            _warn(
                "people",
                f"a step of a target names {name}, and nobody here is called so",
                f"responder user add {shlex.quote(name)}",
            )
            for name in sorted(named)
            if name.lower() not in known
        ]

    async def _waits(self, engine: AsyncEngine) -> Sequence[Finding]:
        """What waits for a person because something went wrong with it."""
        async with transaction(engine) as connection:
            row = (await connection.execute(_WAITING)).one()
        page = f"{console_address(self._settings, self._environ)}/queue"
        found = []
        if row.letters:
            says = f"{counted(row.letters, 'record', 'records')} could not be read"
            found.append(_warn("dead letters", says, "responder deadletter list"))
        if row.failed:
            says = f"{counted(row.failed, 'reply', 'replies')} could not be posted"
            found.append(_warn("replies", says, f"look at {page}?state=attention"))
        if row.unknown:
            says = f"of {counted(row.unknown, 'reply', 'replies')} it is not known whether posted"
            found.append(_warn("replies", says, f"look at {page}?state=attention"))
        return found or [_ok("replies", "none waits for a person, and every record could be read")]

    async def log(self) -> Sequence[Finding]:
        if self._settings.log.backend == "postgres":
            return [_ok("log", "kept in the database")]
        options = kafka_options(self._settings)
        try:
            await reach(options)
        except LogError as error:
            return [_fail("log", f"Kafka: {error}", KAFKA_AWAY)]
        try:
            await reach(options, TOPICS)
        except LogError as error:
            return [_fail("log", f"Kafka: {error}", "responder topics plan")]
        return [_ok("log", f"Kafka at {', '.join(self._settings.kafka.bootstrap_servers)}")]

    async def model(self) -> Sequence[Finding]:
        try:
            chosen = load(configuration_file(self._settings, self._environ)).openai
        except BadConfiguration:
            return []  # said already, with its lines
        if chosen is None:
            return [_ok("model", "none is chosen: no text leaves this machine for one")]
        if self._settings.openai.api_key is None:
            remedy = "set RESPONDER_OPENAI__API_KEY_FILE, if this server wants a key"
            return [_warn("model", f"{chosen.model} at {chosen.base_url.host}, no key", remedy)]
        return [_ok("model", f"{chosen.model} at {chosen.base_url.host}")]


async def _server_version(engine: AsyncEngine) -> str:
    async with transaction(engine) as connection:
        shown = await connection.execute(text("SHOW server_version"))
        return str(shown.scalar_one()).partition(" ")[0]


async def _schema(engine: AsyncEngine) -> Finding:
    if await schema.is_newer(engine):
        return _fail("schema", "made by a later version of Responder", "run that version")
    pending = await schema.pending(engine)
    if pending:
        return _fail("schema", f"{len(pending)} migrations are missing", "responder migrate")
    return _ok("schema", "as this version needs it")


def _ok(what: str, says: str) -> Finding:
    return Finding(level=Level.OK, what=what, says=says)


def _warn(what: str, says: str, remedy: str) -> Finding:
    return Finding(level=Level.WARN, what=what, says=says, remedy=remedy)


def _fail(what: str, says: str, remedy: str = "") -> Finding:
    return Finding(level=Level.FAIL, what=what, says=says, remedy=remedy)
