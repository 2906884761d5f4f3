"""Responder as separate processes on Apache Kafka: `responder run --role …`, for tests.

Everything is set by the environment, as a cluster sets it. Each process can be asked, stopped and
killed by itself; what still runs when the `with` block ends is killed.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from responder.testing.running import Finished, eventually

START_SECONDS = 120.0
STOP_SECONDS = 60.0
_RUNNING = re.compile(r"Running [^;]*?(?: at (http\S+))?; metrics at port (\d+)\.")


class Role:
    """One process, with one role or several."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], output: Path) -> None:
        self.name = name
        self._process = process
        self._output = output

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        """What it has printed and logged."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    @property
    def url(self) -> str:
        """Where its door is; only a gateway and a console have one."""
        return self._announced()[0]

    @property
    def probes_url(self) -> str:
        """Where `/livez`, `/readyz` and `/metrics` are."""
        return f"http://127.0.0.1:{self._announced()[1]}"

    async def ready(self) -> None:
        """Wait until its probe says so. Raises RuntimeError with what it said, if it ended."""
        await eventually(self._is_ready, bool, START_SECONDS)

    async def answers(self, probe: str, status: int) -> None:
        """Wait until it does."""
        await eventually(lambda: self.probe(probe), lambda found: found == status, START_SECONDS)

    async def probe(self, name: str = "readyz") -> int | None:
        """The status of a probe; None while nobody answers."""
        if _RUNNING.search(self.said) is None:
            return None
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"{self.probes_url}/{name}") as answer,
            ):
                return answer.status
        except aiohttp.ClientError:
            return None

    async def says(self, words: str) -> None:
        """Wait for what it prints or logs."""

        async def has_said() -> bool:
            return words in self.said

        await eventually(has_said, bool, START_SECONDS)

    def kill(self) -> None:
        """With -9."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Stop it where it stands (SIGSTOP); its connections stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def terminate(self) -> None:
        """SIGTERM; `ended` waits."""
        self._process.terminate()

    async def stop(self) -> int:
        """SIGTERM; gives the exit code once it has ended."""
        self._process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """The exit code, once it has ended by itself."""
        code = await eventually(self._code, lambda it: it is not None, STOP_SECONDS)
        if code is None:
            raise RuntimeError("it has not ended")
        return code

    async def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.name} did not start:\n{self.said[-4000:]}")
        return await self.probe() == 200  # noqa: PLR2004 - OK

    async def _code(self) -> int | None:
        return self._process.poll()

    def _announced(self) -> tuple[str, str]:
        found = _RUNNING.search(self.said)
        if found is None:
            raise RuntimeError(f"{self.name} serves nothing yet:\n{self.said[-4000:]}")
        return found[1] or "", found[2]


class Roles:
    """One installation: its settings, and the processes that run under them."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self.environment = dict(environment)
        self._started: list[Role] = []

    def launch(self, *names: str, **settings: str) -> Role:
        """Start a process with these roles, and wait for nothing; `settings` are its own."""
        roles = [part for each in names for part in ("--role", each)]
        return self._launch("+".join(names), ["run", *roles], settings)

    def launch_command(self, *arguments: str) -> Role:
        """Start `responder …` under the same settings, and wait for nothing."""
        return self._launch(arguments[0], arguments, {})

    def _launch(self, name: str, arguments: Sequence[str], settings: Mapping[str, str]) -> Role:
        output = self._folder / f"{len(self._started)}-{name}.txt"
        # A process must not outlive a test run that was killed.
        leash = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
        with output.open("wb") as said:
            process = subprocess.Popen(  # noqa: S603 - our own words
                [*leash, *_command(*arguments)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=self._inherited() | dict(settings),
            )
        self._started.append(Role(name, process, output))
        return self._started[-1]

    async def start(self, *names: str, **settings: str) -> Role:
        """The same, ready."""
        role = self.launch(*names, **settings)
        await role.ready()
        return role

    async def command(self, *arguments: str) -> Finished:
        """Run `responder …` under the same settings."""
        process = await asyncio.create_subprocess_exec(
            *_command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._inherited(),
        )
        said, _ = await asyncio.wait_for(process.communicate(), START_SECONDS)
        return Finished(process.returncode or 0, said.decode(errors="replace"))

    def said(self) -> list[str]:
        """What each process has printed and logged, those that have ended too."""
        return [role.said for role in self._started]

    def kill_all(self) -> None:
        for role in self._started:
            role.kill()

    def _inherited(self) -> dict[str, str]:
        """Ours without its own settings."""
        inherited = {
            name: value
            for name, value in os.environ.items()  # noqa: TID251 - handed on, not read
            if not name.startswith("RESPONDER_")
        }
        return inherited | self.environment


@contextmanager
def roles_on_kafka(
    folder: Path, *, database_url: str, bootstrap_servers: str, prefix: str, configuration: str
) -> Iterator[Roles]:
    """Nothing runs yet, and neither schema nor topics are there.

    Args:
        folder: for the configuration and what the processes print.
        database_url: empty.
        bootstrap_servers: one broker is enough.
        prefix: of topics and groups; nobody else has it.
        configuration: the `responder.toml`; the secrets of its sources go into `environment`.
    """
    file = folder / "responder.toml"
    file.write_text(configuration, encoding="utf-8")
    environment = {
        "RESPONDER_CONFIG": str(file),
        "RESPONDER_DATABASE__URL": database_url,
        "RESPONDER_DATABASE__POOL_SIZE": "4",
        "RESPONDER_LOG__BACKEND": "kafka",
        "RESPONDER_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
        "RESPONDER_KAFKA__TOPIC_PREFIX": prefix,
        "RESPONDER_KAFKA__GROUP_PREFIX": prefix,
        "RESPONDER_KAFKA__PARTITIONS": "4",
        "RESPONDER_KAFKA__REPLICATION_FACTOR": "1",
        "RESPONDER_KAFKA__MIN_INSYNC_REPLICAS": "1",
        # A member that was killed is missed after three seconds.
        "RESPONDER_KAFKA__SESSION_TIMEOUT_MS": "3000",
        "RESPONDER_KAFKA__HEARTBEAT_INTERVAL_MS": "300",
        "RESPONDER_SERVER__PORT": "0",
        "RESPONDER_METRICS__PORT": "0",
        "PYTHONUNBUFFERED": "1",
    }
    roles = Roles(folder, environment)
    try:
        yield roles
    finally:
        roles.kill_all()


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "responder", *arguments, "--no-color"]
