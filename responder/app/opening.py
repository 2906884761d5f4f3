"""Opens what a process stands on: the database with its schema, the configuration, the places."""

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.migrate import NewerSchema, is_newer, migrate, pending
from responder.adapters.system import SystemClock, SystemIds, SystemRandom
from responder.app import tls
from responder.app.configuration import load
from responder.app.current import Current
from responder.app.health import Health
from responder.app.keys import Keys
from responder.app.logs import Logs
from responder.app.parts import Parts
from responder.app.places import Connector, Places
from responder.app.versions import keep
from responder.engagement.errors import Misconfigured
from responder.settings import Settings
from responder.stream.log import Unreachable
from responder.telemetry.metrics import Metrics

GOODBYE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class SchemaBehind(Misconfigured):
    """The database's schema is older than this version; run: responder migrate"""  # noqa: D415 - the command ends the sentence


@dataclass(eq=False, kw_only=True)
class TopicsMissing(Misconfigured):
    """The log lacks {topics}; make them with: responder migrate"""  # noqa: D415 - the command ends the sentence

    topics: str


async def open_parts(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    database_url: str,
    configuration_file: Path,
    keys: Keys,
    guestbook_url: str | None,
    migrates: bool,
) -> Parts:
    """Open everything that roles share; `stack` closes it.

    Raises:
        BadConfiguration, MissingSecret, NewerSchema, SchemaBehind, TopicsMissing, Unavailable:
            nothing stays open once the stack is closed.
    """
    clock = SystemClock()
    metrics = Metrics()
    configuration = load(configuration_file)
    engine = make_engine(database_url, pool_size=settings.database.pool_size)
    stack.push_async_callback(_dispose, engine)
    ids = SystemIds(clock)
    logs = Logs(settings, database_url=database_url, clock=clock, ids=ids)
    await _bring_schema(engine, logs, migrates=migrates)
    await keep(engine, configuration)
    connector = Connector(
        keys=keys,
        clock=clock,
        guestbook_url=guestbook_url,
        guestbook_tls=tls.ourselves(settings),
        console_url=_public(settings),
    )
    places = Places()
    connector.connect(configuration, places)
    parts = Parts(
        settings=settings,
        clock=clock,
        ids=ids,
        random=SystemRandom(),
        metrics=metrics,
        health=Health(clock, metrics),
        engine=engine,
        database_url=database_url,
        logs=logs,
        current=Current(configuration),
        places=places,
        connector=connector,
    )
    parts.describe()
    return parts


def _public(settings: Settings) -> str | None:
    url = settings.server.public_url
    return None if url is None else str(url).rstrip("/")


async def _dispose(engine: AsyncEngine) -> None:
    """Say goodbye to the database; one that does not answer is not waited for."""
    with suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE_SECONDS):
            await engine.dispose()


async def _bring_schema(engine: AsyncEngine, logs: Logs, *, migrates: bool) -> None:
    if await is_newer(engine):
        raise NewerSchema
    if migrates:
        await migrate(engine)
        await logs.create_topics()
        return
    if await pending(engine):
        raise SchemaBehind
    await _require_topics(logs)


async def _require_topics(logs: Logs) -> None:
    """A log that is away is no reason not to start: consumers wait for it, pushes get 503."""
    try:
        missing = await logs.missing_topics()
    except Unreachable as error:
        log.warning("log.away", why=str(error))
        return
    if missing:
        raise TopicsMissing(topics=", ".join(missing))
