"""Bring one cluster's server up, whatever state an earlier run was killed in."""

import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from responder.adapters.postgres.embedded.cluster import (
    last_line,
    postmaster_of,
    server_command,
    title_of,
)
from responder.adapters.postgres.embedded.errors import ServerFailed
from responder.adapters.postgres.embedded.folder import SOCKET_PORT, DataFolder
from responder.adapters.postgres.embedded.process import Process, command_line, end, of_cluster
from responder.adapters.postgres.embedded.programs import Programs
from responder.engagement.ports import Clock

Step = Literal["copying", "creating", "taking over", "starting", "recovering"]

LOOK_EVERY_SECONDS = 0.02
TELL_EVERY_SECONDS = 1.0
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """What the start is busy with. `said` is the server's last line, where it says anything."""

    step: Step
    seconds: float
    said: str = ""


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that takes connections."""

    process: Process
    port: int


class Launcher:
    """Starts the server of a folder that is ours, or takes over the one that is running there."""

    def __init__(
        self,
        folder: DataFolder,
        programs: Programs,
        *,
        settings: Mapping[str, str],
        clock: Clock,
        stop_seconds: float,
    ) -> None:
        self._folder = folder
        self._programs = programs
        self._settings = settings
        self._clock = clock
        self._stop_seconds = stop_seconds

    async def running(self, on_progress: OnProgress, *, port: int | None = None) -> Running:
        """One that is ready: a survivor of an earlier run, or a new one.

        Several attempts, because a server that was only just being started when its run was killed
        may get to the cluster before ours, and a free port may be taken meanwhile.

        Args:
            on_progress: told what goes on, at least every second.
            port: where it must be, on loopback; a free one if None.

        Raises:
            ServerFailed: with what it said last; nothing is left running.
        """
        for _ in range(ATTEMPTS):
            server = await self._survivor(on_progress) or self._spawned(port)
            try:
                if await self._ready(server.process, on_progress):
                    return server
            except BaseException:
                await end(server.process, signal.SIGINT, self._stop_seconds)
                raise
            server.process.close()
        raise ServerFailed(what="start", why=last_line(self._folder.log))

    async def _survivor(self, on_progress: OnProgress) -> Running | None:
        """Take over what an earlier run left, if it is as we would start it; end all else.

        Backends whose postmaster was killed would keep the next one from starting. Once nothing of
        the cluster runs, `postmaster.pid` says nothing more: its number may be a stranger's by now.
        """
        cluster = self._folder.cluster
        said = postmaster_of(cluster)
        found = {p.pid: p for p in of_cluster(cluster, title_of(cluster), self._folder.owner_uid)}
        postmaster = found.pop(said.pid, None) if said else None
        if said and postmaster and not said.is_stopping:
            server = Running(postmaster, said.port or SOCKET_PORT)
            if command_line(server.process.pid) == self._command(server.port):
                on_progress(Progress("taking over", 0.0))
                for backend in found.values():
                    backend.close()
                return server
        if postmaster:
            await end(postmaster, signal.SIGINT, self._stop_seconds)
            postmaster.close()
        for orphan in found.values():
            await end(orphan, signal.SIGQUIT, 1.0)
            orphan.close()
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        return None

    def _spawned(self, port: int | None) -> Running:
        if port is None:
            port = SOCKET_PORT if self._folder.socket_fits else _free_port()
        with self._folder.open_log() as output:
            process = Process.spawn(
                self._command(port),
                folder=self._folder.cluster,
                account=self._folder.account,
                output=output,
            )
        return Running(process, port)

    async def _ready(self, process: Process, on_progress: OnProgress) -> bool:
        """Wait until it takes connections, as long as that takes; False if it ended instead."""
        began = told = self._clock.monotonic()
        on_progress(Progress("starting", 0.0))
        while not process.has_ended():
            said = postmaster_of(self._folder.cluster)
            if said and said.pid == process.pid and said.status == "ready":
                return True
            now = self._clock.monotonic()
            if now - told >= TELL_EVERY_SECONDS:
                told = now
                on_progress(self._what_it_does(now - began))
            await self._clock.sleep(LOOK_EVERY_SECONDS)
        return False

    def _what_it_does(self, seconds: float) -> Progress:
        said = last_line(self._folder.log)
        is_recovering = "redo" in said or "recovery" in said
        return Progress("recovering" if is_recovering else "starting", seconds, said)

    def _command(self, port: int) -> list[str]:
        return server_command(self._programs, self._folder, port, self._settings)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
