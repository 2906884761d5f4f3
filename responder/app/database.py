"""The database of a command: the one that is set, or the one in the data folder."""

import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.embedded.cluster import USER, postmaster_of
from responder.adapters.postgres.embedded.errors import FolderInUse
from responder.adapters.postgres.embedded.server import DATABASE, EmbeddedPostgres
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.failures import FAILED
from responder.adapters.system import SystemClock, SystemIds
from responder.app.data_folder import location
from responder.engagement.errors import Misconfigured, Unavailable
from responder.settings import Settings, load

COMMAND_POOL = 2
SOCKET_PORT = 5432
REACH_SECONDS = 10.0
REASONS = (
    (socket.gaierror, "the name of its host is not known"),
    (ssl.SSLError, "TLS does not come about; look at its certificate and at `sslmode`"),
    (ConnectionRefusedError, "nobody listens there"),
    (TimeoutError, f"no answer within {REACH_SECONDS:.0f} s"),
    (asyncpg.InvalidAuthorizationSpecificationError, "it refuses our user or password"),
    (asyncpg.InvalidCatalogNameError, "there is no database of that name"),
    (asyncpg.CannotConnectNowError, "it is starting or stopping"),
)


@dataclass(eq=False, kw_only=True)
class NothingHere(Misconfigured):
    """There is no Responder in {folder} yet; start one with: responder up, or set RESPONDER_DATABASE__URL."""

    folder: Path


@asynccontextmanager
async def command_engine(
    settings: Settings, environ: Mapping[str, str]
) -> AsyncIterator[AsyncEngine]:
    """A small pool for one command. An embedded server that is not running is started meanwhile.

    Raises:
        NothingHere: no database is set, and none is in the data folder.
        Unavailable: it does not answer, with the reason; or `responder up` holds the folder, and
            its server is not up yet.
    """
    async with command_url(settings, environ) as url, small_engine(url) as engine:
        yield engine


@asynccontextmanager
async def command_url(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[str]:
    """Its address, once it answers. Raises what `command_engine` raises."""
    async with _url(settings, environ) as url:
        await reach(url)
        yield url


@asynccontextmanager
async def small_engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(url, pool_size=COMMAND_POOL)
    try:
        yield engine
    finally:
        await engine.dispose()


async def reach(url: str) -> None:
    """Connect once.

    Raises:
        Unavailable: says which of name, network, TLS, rights or database it is; never a secret.
    """
    try:
        connection = await asyncpg.connect(url, timeout=REACH_SECONDS)
        await connection.close()
    except FAILED as error:
        raise Unavailable(what="the database", why=_reason(error)) from None


def _reason(error: Exception) -> str:
    return next((why for kind, why in REASONS if isinstance(error, kind)), type(error).__name__)


def folder_engine(folder: Path) -> AbstractAsyncContextManager[AsyncEngine]:
    """The same for the data folder of `responder up`, whatever else is set."""
    return command_engine(load(data={"dir": folder}), {})


@asynccontextmanager
async def _url(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[str]:
    if settings.database.url is not None:
        yield settings.database.url.get_secret_value()
        return
    folder = location(settings, environ)
    if not (folder / "postgres").exists():
        raise NothingHere(folder=folder)
    clock = SystemClock()
    server = EmbeddedPostgres(folder, clock=clock, ids=SystemIds(clock))
    try:
        dsn = await server.start()
    except FolderInUse:
        yield _running(folder).url()
        return
    try:
        yield dsn.url()
    finally:
        await server.stop()


def _running(folder: Path) -> Dsn:
    """The server that `responder up` has in the folder."""
    home = folder / "postgres"
    if (home / f".s.PGSQL.{SOCKET_PORT}").exists():
        return Dsn(host=str(home), port=SOCKET_PORT, user=USER, database=DATABASE)
    postmaster = postmaster_of(home / "cluster")
    if postmaster is None or postmaster.port is None:
        raise Unavailable(what="the database", why="it is being started; try again in a moment")
    password = (home / "password").read_text()
    return Dsn(
        host="127.0.0.1", port=postmaster.port, user=USER, database=DATABASE, password=password
    )
