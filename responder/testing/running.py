"""A whole Responder as people start it: `responder up` in a process group of its own, for tests.

It is stopped, killed and started again like any program, and reached as anybody reaches it: by what
its ready-file says. What it leaves behind (its PostgreSQL has a session of its own and outlives a
kill) is ended with the `with` block that it was made in, each process by its id.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import text

from responder.adapters.postgres.embedded.cluster import title_of
from responder.adapters.postgres.embedded.process import of_cluster
from responder.adapters.postgres.engine import transaction
from responder.adapters.system import SystemClock, SystemIds
from responder.app.data_folder import DataFolder
from responder.app.database import folder_engine
from responder.app.keys import FolderKeys, SourceKeys
from responder.engagement.model import SourceId

START_SECONDS = 180.0
"""Enough for a first start on a machine that does eight other things."""
STOP_SECONDS = 90.0
_PAUSE_SECONDS = 0.05

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What the ready-file says."""

    pid: int
    console_url: str
    sign_in_url: str = field(repr=False)
    guestbook_url: str | None
    webhook_url: str | None = field(repr=False)
    webhook_secret: str | None = field(repr=False)
    api_url: str
    api_token: str = field(repr=False)
    metrics_url: str

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """None while it is not there."""
        try:
            return cls(**json.loads(file.read_text()))
        except FileNotFoundError:
            return None


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ran to its end."""

    code: int
    said: str


class Running:
    """One installation and the process that runs it; make it with `installation`.

    Args:
        folder: below which everything lies; the data folder is made by the first start.
        settings: `RESPONDER_…` of its environment.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self._settings = settings
        self.data = folder / "data"
        self.ready_file = folder / "ready.json"
        self._log = folder / "said.txt"
        self._said_from = 0
        self.configuration_file = folder / "responder.toml"
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: Ready | None = None

    @property
    def ready(self) -> Ready:
        if self._ready is None:
            raise RuntimeError("it does not run")
        return self._ready

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("it does not run")
        return self._process.pid

    @property
    def said(self) -> str:
        """What it has printed and logged since its last start."""
        with self._log.open("rb") as log:
            log.seek(self._said_from)
            return log.read().decode(errors="replace")

    @property
    def configuration(self) -> str:
        return self.configuration_file.read_text()

    async def says(self, words: str) -> None:
        """Wait for what it prints or logs; the banner comes after the ready-file."""

        async def has_said() -> bool:
            return words in self.said

        await eventually(has_said)

    def configure(self, configuration: str) -> None:
        """Write its `responder.toml`; a running one reads it on `reload` or at the next start."""
        self.configuration_file.write_text(configuration)

    def keys(self, source: str) -> SourceKeys:
        """The secrets of a source, as its data folder holds them."""
        return FolderKeys(DataFolder(self.data, SystemIds(SystemClock())), {}).of(SourceId(source))

    def launch(self) -> None:
        """Start it, and wait for nothing."""
        self._ready = None
        with self._log.open("ab") as log:
            self._said_from = log.seek(0, os.SEEK_END)
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
                self._command("up", "--port", "0", "--ready-file", str(self.ready_file)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                start_new_session=True,
            )

    async def start(self) -> Ready:
        """Start it, and return once everything serves. Raises RuntimeError with what it said."""
        self.launch()
        self._ready = await eventually(self._announced, lambda it: it is not None, START_SECONDS)
        return self.ready

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and give its exit code once it has."""
        os.kill(self.pid, number)
        return await self.ended()

    async def ended(self) -> int:
        """The exit code, once it has ended by itself."""
        process = self._process
        if process is None:
            raise RuntimeError("it does not run")

        async def has_ended() -> bool:
            return process.poll() is not None

        await eventually(has_ended, bool, STOP_SECONDS)
        self._process = None
        return process.returncode

    def reload(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def kill(self, *, with_database: bool = False) -> None:
        """With -9, the whole group at once; its PostgreSQL too, if told."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if with_database:
            self.kill_database()

    def kill_database(self) -> None:
        """With -9, every process of its PostgreSQL."""
        self.signal_database(signal.SIGKILL)

    def signal_database(self, number: signal.Signals) -> None:
        """To each of its processes: SIGSTOP makes it hang, SIGCONT goes on."""
        for process in self._database():
            process.send(number)
            process.close()

    def database_pids(self) -> tuple[int, ...]:
        """What still runs of its PostgreSQL."""
        found = self._database()
        for process in found:
            process.close()
        return tuple(process.pid for process in found)

    async def command(self, *arguments: str) -> Finished:
        """Run `responder …` about this installation."""
        process = await asyncio.create_subprocess_exec(
            *self._command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment(),
        )
        said, _ = await asyncio.wait_for(process.communicate(), START_SECONDS)
        return Finished(process.returncode or 0, said.decode(errors="replace"))

    async def sql(self, statement: str, **values: object) -> list[Any]:
        """Run one statement in its database; gives the rows of a query."""
        async with (
            folder_engine(self.data) as engine,
            transaction(engine) as connection,
        ):
            result = await connection.execute(text(statement), values)
            return list(result) if result.returns_rows else []

    def _command(self, *arguments: str) -> list[str]:
        place = ["--data-dir", str(self.data), "--no-color"]
        return [sys.executable, "-m", "responder", *arguments, *place]

    def _environment(self) -> Mapping[str, str]:
        """Ours without its own settings; the configuration lies where the test may write it."""
        inherited = {
            name: value
            for name, value in os.environ.items()  # noqa: TID251 - handed on, not read
            if not name.startswith("RESPONDER_")
        }
        chosen = {"RESPONDER_CONFIG": str(self.configuration_file), **self._settings}
        return inherited | chosen | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"}

    async def _announced(self) -> Ready | None:
        process = self._process
        if process is None or process.poll() is not None:
            raise RuntimeError(f"it did not start:\n{self.said[-4000:]}")
        found = Ready.read(self.ready_file)
        return found if found is not None and found.pid == process.pid else None

    def _database(self) -> list[Any]:
        cluster = self.data / "postgres" / "cluster"
        try:
            uid = cluster.stat().st_uid
        except FileNotFoundError:
            return []
        return list(of_cluster(cluster, title_of(cluster), uid))


@contextmanager
def installation(
    configuration: str = "", settings: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A Responder that is not started yet; whatever it left running is ended with the block.

    Args:
        configuration: its `responder.toml`; empty: the one that the first start writes.
        settings: `RESPONDER_…` of its environment.
    """
    # Below the world's temporary folder: as root the database runs under another account.
    folder = Path(tempfile.gettempdir()) / f"responder-e2e-{os.getpid()}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o755)
    running = Running(folder, settings or {})
    if configuration:
        running.configure(configuration)
    try:
        yield running
    finally:
        running.kill(with_database=True)
        shutil.rmtree(folder, ignore_errors=True)


async def eventually(
    ask: Callable[[], Awaitable[Found]],
    holds: Callable[[Found], bool] = bool,
    within: float = 60.0,
) -> Found:
    """Ask until the answer holds, and give it. Raises TimeoutError with the last answer."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within
    while not holds(found := await ask()):
        if loop.time() > until:
            raise TimeoutError(f"not within {within:.0f} s; the last answer was: {found!r:.2000}")
        await asyncio.sleep(_PAUSE_SECONDS)
    return found
