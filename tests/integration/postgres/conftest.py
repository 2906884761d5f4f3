import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from responder.adapters.postgres.embedded.cluster import title_of
from responder.adapters.postgres.embedded.process import Process, end, of_cluster
from responder.adapters.postgres.embedded.server import EmbeddedPostgres
from responder.adapters.system import SystemClock, SystemIds

MakeServer = Callable[..., EmbeddedPostgres]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account may enter; pytest's own is closed to the server's, as root."""
    folder = Path(tempfile.mkdtemp(prefix="responder-place-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def make_server(place: Path) -> AsyncIterator[MakeServer]:
    """Servers without syncing; whatever runs below the test's folder is ended after it."""
    made: list[EmbeddedPostgres] = []
    clock = SystemClock()

    def make(folder: Path = place / "data", **options: Any) -> EmbeddedPostgres:
        defaults = {"clock": clock, "durable": False, "stop_seconds": 5.0}
        server = EmbeddedPostgres(folder, ids=SystemIds(clock), **{**defaults, **options})
        made.append(server)
        return server

    yield make
    for server in made:
        await server.stop()
    for process in processes_below(place):
        await end(process, signal.SIGQUIT, 5.0)
        process.close()


def processes_of(cluster: Path) -> list[Process]:
    return of_cluster(cluster, title_of(cluster), cluster.stat().st_uid)


def processes_below(place: Path) -> list[Process]:
    return [process for cluster in place.glob("**/cluster") for process in processes_of(cluster)]


class Run:
    """`embedded_run` in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @classmethod
    def begin(cls, folder: Path) -> "Run":
        return cls(
            subprocess.Popen(  # noqa: S603 - the command is ours
                [sys.executable, "-m", "tests.integration.postgres.embedded_run", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    async def line(self) -> str:
        assert self._process.stdout is not None
        return (await asyncio.to_thread(self._process.stdout.readline)).strip()

    def signal_group(self, number: signal.Signals) -> None:
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """Its whole group, with -9."""
        if self._process.poll() is None:
            self.signal_group(signal.SIGKILL)
        with self._process:
            pass


@pytest.fixture
async def begin_run() -> AsyncIterator[Callable[[Path], Any]]:
    runs: list[Run] = []

    async def begin(folder: Path) -> Run:
        runs.append(Run.begin(folder))
        assert await runs[-1].line() == "go"
        return runs[-1]

    yield begin
    for run in runs:
        run.kill()
