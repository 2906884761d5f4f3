"""A real PostgreSQL for tests: one embedded server a session, a fresh database a test.

With pytest, `tests/conftest.py` turns this into the fixtures `postgres_server` and `database`.
"""

import asyncio
import itertools
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.embedded.cluster import title_of
from responder.adapters.postgres.embedded.errors import FolderInUse, FolderUnusable
from responder.adapters.postgres.embedded.folder import DataFolder
from responder.adapters.postgres.embedded.process import of_cluster
from responder.adapters.postgres.embedded.programs import installed
from responder.adapters.postgres.embedded.server import EmbeddedPostgres
from responder.adapters.system import SystemClock, SystemIds

# Template databases are made and copied in this one; nobody else connects to it.
MAINTENANCE = "postgres"


class TestServer:
    """A running server that hands out databases. Its data is on disk, but not synced to it."""

    __test__ = False  # not a test, whatever pytest thinks of the name

    def __init__(self, dsn: Dsn, server: EmbeddedPostgres, cluster: Path) -> None:
        self.dsn = dsn
        self._server = server
        self.cluster = cluster
        self._numbers = itertools.count(1)
        self._templates: dict[str, Dsn] = {}

    @property
    def is_up(self) -> bool:
        return self._server.pid is not None

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def supervise(self) -> None:
        """Start it again whenever it ends by itself, as whoever runs a server does; until cancelled."""
        await self._server.supervise()

    async def kill(self) -> None:
        """With -9, all of it at once, and wait until it is dead; `start` starts it again."""
        self.signal(signal.SIGKILL)
        await self._server.stop()

    def signal(self, number: signal.Signals) -> None:
        """To each of its processes: SIGSTOP makes it hang, SIGCONT goes on."""
        uid = self.cluster.stat().st_uid
        for process in of_cluster(self.cluster, title_of(self.cluster), uid):
            process.send(number)
            process.close()

    async def commit_on_standby(self) -> None:
        """From now on nothing counts as committed that a standby does not have."""
        await self._execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await self._execute("SELECT pg_reload_conf()")

    async def promote(self) -> None:
        """A standby follows nobody any more, and takes what is written."""
        await self._execute("SELECT pg_promote()")

    async def fresh(self, template: Dsn | None = None) -> Dsn:
        """A new database, empty or a copy of `template`, in a few hundredths of a second."""
        name = f"test_{next(self._numbers)}"
        source = template.database if template else "template0"
        await self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY file_copy')
        return self.dsn.on(name)

    async def template(self, name: str, prepare: Callable[[Dsn], Awaitable[None]]) -> Dsn:
        """A database to copy, which `prepare` fills the first time that `name` is asked for.

        `prepare` must close its connections: a database in use cannot be copied.
        """
        if name not in self._templates:
            made = await self.fresh()
            await prepare(made)
            self._templates[name] = made
        return self._templates[name]

    async def drop(self, database: Dsn) -> None:
        """Remove it, and end whoever is still connected."""
        await self._execute(f'DROP DATABASE IF EXISTS "{database.database}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn.on(MAINTENANCE).url())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running_server(below: Path | None = None) -> Iterator[TestServer]:
    """A server for as long as the context lasts; then it and its folder are gone.

    Args:
        below: the folder to make its own in; that of the machine for temporary files by default.
    """
    with _new_folder(below) as folder, _running_in(folder) as server:
        yield server


@contextmanager
def running_standby(primary: TestServer) -> Iterator[TestServer]:
    """A copy of it that follows: as long as both run, it has every commit before the client hears.

    `promote` makes it a primary of its own. Until then it only reads.
    """
    with _new_folder() as folder:
        home = folder / "postgres"
        home.mkdir(mode=0o700, parents=True)
        _copy(primary, home / "cluster")
        _give(home, primary.cluster.stat())
        with _running_in(folder) as server:
            asyncio.run(primary.commit_on_standby())
            yield server


@contextmanager
def _new_folder(below: Path | None = None) -> Iterator[Path]:
    _remove_abandoned()
    # Below the world's temporary folder: as root, pytest's own is closed to the server's account.
    above = below or Path(tempfile.gettempdir())
    folder = above / f"responder-tests-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running_in(folder: Path) -> Iterator[TestServer]:
    clock = SystemClock()
    server = EmbeddedPostgres(
        folder,
        clock=clock,
        ids=SystemIds(clock),
        settings={"max_connections": "200"},
        durable=False,
        stop_seconds=1.0,
    )
    try:
        dsn = asyncio.run(server.start())
        yield TestServer(dsn, server, folder / "postgres" / "cluster")
    finally:
        asyncio.run(server.stop())


def _copy(primary: TestServer, cluster: Path) -> None:
    program = installed().postgres.with_name("pg_basebackup")
    where = ("-h", primary.dsn.host, "-p", str(primary.dsn.port), "-U", primary.dsn.user)
    how = ("-D", str(cluster), "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
    subprocess.run([program, *where, *how], check=True, capture_output=True)  # noqa: S603 - our own words


def _give(folder: Path, owner: os.stat_result) -> None:
    """To the account that the servers run under."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _remove_abandoned() -> None:
    """Servers of test runs that were killed: nobody holds their folder any more."""
    for folder in Path(tempfile.gettempdir()).glob("responder-tests-*"):
        cluster = folder / "postgres" / "cluster"
        with suppress(FolderInUse, FolderUnusable):
            held = DataFolder.claim(folder, secrets.token_hex(4))
            for process in of_cluster(cluster, title_of(cluster), held.owner_uid):
                process.send(signal.SIGKILL)
                process.close()
            held.release()
            shutil.rmtree(folder, ignore_errors=True)
