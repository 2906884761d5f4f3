"""One process: what its roles put into it, started together and stopped in order.

Stopping goes from the outside in: not ready, no new requests, then the consumers drain and commit,
then the loops end, and last what they all stood on is closed. Each step has a limit of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog

from responder.app.health import Health
from responder.app.loops import Loop
from responder.stream.supervisor import Supervisor
from responder.web.server import Listening

JOIN_POLL_SECONDS = 0.2

log = structlog.get_logger(__name__)


class Process:
    """Owns every task of the process; none is left when `stop` returns."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._consumers: list[tuple[str, Supervisor]] = []
        self._loops: list[Loop] = []
        self._background: list[Coroutine[Any, Any, None]] = []
        self._servers: list[Listening] = []
        self._closing: list[Callable[[], Awaitable[object]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.failed = asyncio.Event()
        """A task ended that should not have: the process cannot go on as it is."""

    def consumers_of(self, group: str) -> tuple[Supervisor, ...]:
        return tuple(supervisor for name, supervisor in self._consumers if name == group)

    def consume(self, name: str, supervisor: Supervisor) -> None:
        self._consumers.append((name, supervisor))

    def repeat(self, loop: Loop) -> Loop:
        self._loops.append(loop)
        return loop

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs until the process stops, by itself or by cancellation."""
        self._background.append(work)

    def serve(self, listening: Listening) -> None:
        self._servers.append(listening)

    def close_last(self, close: Callable[[], Awaitable[object]]) -> None:
        """Closed after everything else has ended; what was added first is closed last."""
        self._closing.append(close)

    async def start(self) -> None:
        """Start everything that was added; ready once every consumer has joined."""
        for name, supervisor in self._consumers:
            self._health.waits_for(name)
            self._spawn(f"consumer {name}", supervisor.run())
            self._spawn(f"joining {name}", self._joined(name, supervisor), may_end=True)
        for loop in self._loops:
            self._spawn(f"loop {loop.name}", loop.run())
        for number, work in enumerate(self._background):
            self._spawn(f"background {number}", work)
        self._spawn("heartbeat", self._health.run())
        self._health.has("start")

    async def joined(self, *, within: float) -> None:
        """Wait until everything has joined what it reads from, but no longer than `within` seconds."""
        for _ in range(int(within / JOIN_POLL_SECONDS)):
            if not self._health.missing():
                return
            await asyncio.sleep(JOIN_POLL_SECONDS)

    async def stop(self) -> None:
        """Joinable once; leaves no task and no socket."""
        self._health.waits_for("stop")
        await asyncio.gather(*(server.stop() for server in self._servers))
        await asyncio.gather(*(supervisor.stop() for _, supervisor in self._consumers))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for close in reversed(self._closing):
            try:
                await close()
            except Exception as error:  # noqa: BLE001 - logged; the rest is closed all the same
                log.warning("process.not_closed", why=f"{type(error).__name__}: {error}")

    def _spawn(self, name: str, work: Coroutine[Any, Any, None], *, may_end: bool = False) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(lambda ended: self._ended(ended, may_end=may_end))

    def _ended(self, task: asyncio.Task[None], *, may_end: bool) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("process.task_failed", task=task.get_name(), exc_info=error)
            self.failed.set()
        elif not may_end and "stop" not in self._health.missing():
            log.error("process.task_ended", task=task.get_name())
            self.failed.set()

    async def _joined(self, name: str, supervisor: Supervisor) -> None:
        while True:
            health = supervisor.health()
            if health is not None and health.has_joined:
                self._health.has(name)
                return
            await asyncio.sleep(JOIN_POLL_SECONDS)


async def until(stop: asyncio.Event, process: Process) -> bool:
    """Wait for either; True if it was asked to stop, False if the process failed."""
    waiting = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(process.failed.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each
    return stop.is_set()
