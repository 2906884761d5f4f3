"""Start, own and stop a PostgreSQL in our data folder.

What holds, whatever is killed and when:

- One run of ours at a time has the folder; the lock ends with its holder.
- The cluster appears by a rename, complete; a killed `initdb` leaves nothing that counts.
- The server has a session of its own. Ctrl-C at the terminal does not reach it, so that our drain
  can still write; a kill of our whole group leaves it running, and the next run takes it over.
- `fsync` and `synchronous_commit` stay on: the log kept here is the first durable copy.
"""

import signal
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.embedded.cluster import USER, initialise
from responder.adapters.postgres.embedded.errors import FolderUnusable, OtherVersion, ServerFailed
from responder.adapters.postgres.embedded.folder import DataFolder
from responder.adapters.postgres.embedded.launcher import Launcher, OnProgress, Progress, Running
from responder.adapters.postgres.embedded.process import end
from responder.adapters.postgres.embedded.programs import MAJOR, Programs, installed
from responder.adapters.postgres.failures import FAILED
from responder.engagement.ports import Clock, Ids

DATABASE = "responder"


def silent(_: Progress) -> None:
    """Tell nobody."""


class EmbeddedPostgres:
    """The server in one data folder, from `start` to `stop`, or to our death and beyond."""

    def __init__(
        self,
        data_dir: Path,
        *,
        clock: Clock,
        ids: Ids,
        programs: Programs | None = None,
        settings: Mapping[str, str] | None = None,
        durable: bool = True,
        stop_seconds: float = 60.0,
        claimed: DataFolder | None = None,
    ) -> None:
        """Nothing happens before `start`.

        Args:
            data_dir: made with mode 0700 if it is missing; otherwise its mode and owner stay.
            clock: for waiting.
            ids: for the password and for the names of what is not finished.
            programs: where PostgreSQL is; the installed wheel by default.
            settings: of PostgreSQL, over ours.
            durable: False gives up on power cuts (not on kills), for the speed of tests.
            stop_seconds: for a clean shutdown, after which it is a hard one that must recover.
            claimed: that folder, if somebody holds it for us already, who then releases it.
        """
        self._path = data_dir.absolute()
        self._clock = clock
        self._ids = ids
        self._programs = programs
        self._settings = {**(settings or {}), **({} if durable else {"fsync": "off"})}
        self._is_durable = durable
        self._stop_seconds = stop_seconds
        self._claimed = claimed
        self._folder: DataFolder | None = None
        self._launcher: Launcher | None = None
        self._server: Running | None = None

    async def start(self, on_progress: OnProgress = silent) -> Dsn:
        """Bring it up and return the database. A recovery takes as long as it takes.

        Raises:
            FolderInUse, ClosedParent, FolderUnusable, OtherVersion, NotInstalled: nothing was
                started and nothing is held.
            ServerFailed: with what the server said last; nothing is left running.
        """
        folder = self._claimed or self._claim()
        try:
            return await self._start_in(folder, on_progress)
        except BaseException as e:
            await self.stop()
            if isinstance(e, OSError):
                raise FolderUnusable(folder=self._path, why=e.strerror or str(e)) from e
            raise

    def _claim(self) -> DataFolder:
        self._folder = DataFolder.claim(self._path, self._token(), durable=self._is_durable)
        return self._folder

    async def _start_in(self, folder: DataFolder, on_progress: OnProgress) -> Dsn:
        programs = self._reachable(folder, on_progress)
        await folder.remove_leftovers(self._clock)
        await self._have_cluster(folder, programs, on_progress)
        self._launcher = Launcher(
            folder,
            programs,
            settings=self._settings,
            clock=self._clock,
            stop_seconds=self._stop_seconds,
        )
        self._server = await self._launcher.running(on_progress)
        programs.forget_others_below(folder.path)
        dsn = _dsn(folder, self._server.port)
        await _have_database(dsn)
        return dsn

    async def supervise(self, on_progress: OnProgress = silent) -> None:
        """Start the server again, at the same place, whenever it ends by itself.

        Runs until cancelled, which must come before `stop`.

        Raises:
            ServerFailed: it does not come up any more.
        """
        while self._server is not None and self._launcher is not None:
            ended = self._server
            await ended.process.ended()
            self._server = None
            ended.process.close()
            self._server = await self._launcher.running(on_progress, port=ended.port)

    async def stop(self) -> None:
        """Shut it down cleanly (after `stop_seconds`, hard) and let go of the folder.

        Twice is harmless.
        """
        server, self._server = self._server, None
        folder, self._folder = self._folder, None
        try:
            if server is not None:
                await end(server.process, signal.SIGINT, self._stop_seconds)
                server.process.close()
        finally:
            if folder is not None:
                folder.release()

    @property
    def pid(self) -> int | None:
        """The postmaster's, while it is up."""
        return self._server.process.pid if self._server else None

    def _reachable(self, folder: DataFolder, on_progress: OnProgress) -> Programs:
        """The programs, where the server's account can read them."""
        programs = self._programs or installed()
        if folder.account is None or programs.run_under(folder.account):
            return programs
        on_progress(Progress("copying", 0.0))
        return programs.copy_below(folder.path, self._token(), durable=self._is_durable)

    async def _have_cluster(
        self, folder: DataFolder, programs: Programs, on_progress: OnProgress
    ) -> None:
        if not folder.home.exists():
            on_progress(Progress("creating", 0.0))
            await initialise(
                programs,
                folder,
                token=self._token(),
                password=self._ids.secret().hex(),
            )
        try:
            found = (folder.cluster / "PG_VERSION").read_text().strip()
        except FileNotFoundError as e:
            why = "it is not a database of ours; move it away."
            raise FolderUnusable(folder=folder.home, why=why) from e
        if found != MAJOR:
            raise OtherVersion(folder=folder.cluster, found=found, expected=MAJOR)

    def _token(self) -> str:
        return self._ids.secret(8).hex()


def _dsn(folder: DataFolder, port: int) -> Dsn:
    if folder.socket_fits:
        return Dsn(host=str(folder.home), port=port, user=USER, database=DATABASE)
    password = folder.password.read_text()
    return Dsn(host="127.0.0.1", port=port, user=USER, database=DATABASE, password=password)


async def _have_database(dsn: Dsn) -> None:
    try:
        connection = await asyncpg.connect(dsn.on("postgres").url())
        try:
            if not await connection.fetchval(
                "SELECT true FROM pg_database WHERE datname = $1", dsn.database
            ):
                await connection.execute(f'CREATE DATABASE "{dsn.database}"')
        finally:
            await connection.close()
    except FAILED as e:
        raise ServerFailed(what="answer", why=str(e)) from e
