"""Processes of a server: ours, and those that a killed run of ours left behind.

A process is held by a pidfd (pidfd_open(2), Linux 5.3), so a signal never reaches a stranger whom
the kernel has given the same number meanwhile. What belongs to a cluster is told by its command
line, which everybody may read; the working folder would be surer, but in a container even root may
not look at it.
"""

import asyncio
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from responder.adapters.postgres.embedded.account import Account, PopenAccount

# Nothing of the caller's environment: PGDATA, PGPORT and their like would change what we start.
ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

QUIT_SECONDS = 10.0


class Process:
    """A process that we started, or one that was there; it outlives this object."""

    def __init__(self, pid: int, handle: int, child: "subprocess.Popen[bytes] | None") -> None:
        self.pid = pid
        self._handle = handle
        self._child = child

    @classmethod
    def spawn(
        cls, command: Sequence[str], *, folder: Path, account: Account | None, output: IO[bytes]
    ) -> "Process":
        """Start it in a session of its own, so that Ctrl-C at the terminal passes it by."""
        child = subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            **(account.popen() if account else PopenAccount()),
        )
        return cls(child.pid, os.pidfd_open(child.pid), child)

    @classmethod
    def existing(cls, pid: int) -> "Process | None":
        try:
            return cls(pid, os.pidfd_open(pid), None)
        except ProcessLookupError:
            return None

    def has_ended(self) -> bool:
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(0)) and self._reaped()

    def _reaped(self) -> bool:
        if self._child is not None:
            self._child.wait()
        return True

    async def ended(self) -> None:
        """Wait for its end. Any number may wait at once."""
        loop = asyncio.get_running_loop()
        handle = os.dup(self._handle)  # a loop knows one reader per descriptor
        over = asyncio.Event()
        loop.add_reader(handle, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
        self._reaped()

    async def ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.ended()
        except TimeoutError:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it has ended: what the signal was for
            signal.pidfd_send_signal(self._handle, number)

    def send_to_group(self, number: signal.Signals) -> None:
        """To it and its children. Only for one that we spawned: it leads its own group."""
        if not self.has_ended():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    @property
    def exit_code(self) -> int | None:
        return self._child.poll() if self._child is not None else None

    def close(self) -> None:
        os.close(self._handle)


async def end(process: Process, first: signal.Signals, seconds: float) -> None:
    """Ask with `first`; insist with SIGQUIT and at last with SIGKILL, and wait for the end."""
    for number, patience in ((first, seconds), (signal.SIGQUIT, QUIT_SECONDS)):
        process.send(number)
        if await process.ends_within(patience):
            return
    process.send(signal.SIGKILL)
    await process.ended()


def command_line(pid: int) -> list[str]:
    """Its arguments; empty when there is no such process (any more)."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [os.fsdecode(argument) for argument in raw.split(b"\0")] if raw else []


def of_cluster(cluster: Path, title: str, uid: int) -> list[Process]:
    """Every process of that cluster under that account, the postmaster and its backends, held."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    held = [_held(pid, cluster, title, uid) for pid in pids]
    return [process for process in held if process is not None]


def _held(pid: int, cluster: Path, title: str, uid: int) -> Process | None:
    if not _belongs(pid, cluster, title, uid):
        return None
    process = Process.existing(pid)
    if process is not None and not _belongs(pid, cluster, title, uid):
        process.close()  # another one by now
        return None
    return process


def _belongs(pid: int, cluster: Path, title: str, uid: int) -> bool:
    try:
        if Path(f"/proc/{pid}").stat().st_uid != uid:
            return False
    except FileNotFoundError:
        return False
    match command_line(pid):
        case [program, "-D", folder, *_]:
            return program.endswith("/postgres") and folder == str(cluster)
        case [title_line, *_]:
            return title_line.startswith(f"postgres: {title}: ")
        case _:
            return False
