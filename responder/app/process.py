"""One process: what its roles put into it, started together and stopped in order.

Stopping goes from the outside in: not ready, no new requests, then the consumers drain and commit,
then the loops end, and last what they all stood on is closed. Each step has a limit of its own, and
all of them have one together: what is not over by then ends with the process. That is safe, as
being killed is; it is said, because it is not as it should be.
"""

import asyncio
import os
import sys
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
    """Owns every task of the process.

    Args:
        health: told when it is ready, and when it stops.
        stop_seconds: how long `stop` may take.
    """

    def __init__(self, health: Health, *, stop_seconds: float) -> None:
        self._health = health
        self._stop_seconds = stop_seconds
        self._ending: dict[str, None] = {}
        self._consumers: list[tuple[str, Supervisor]] = []
        self._loops: list[Loop] = []
        self._background: list[Coroutine[Any, Any, None]] = []
        self._servers: list[Listening] = []
        self._closing: list[Callable[[], Awaitable[object]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.failed = asyncio.Event()
        """A task ended that should not have: the process cannot go on as it is."""
        self.left: tuple[str, ...] = ()
        """What was still running when the time to stop was over."""

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
        while self._background:
            work = self._background.pop(0)
            self._spawn(getattr(work, "__qualname__", "work"), work)
        self._spawn("heartbeat", self._health.run())
        self._health.has("start")

    async def joined(self, *, within: float) -> None:
        """Wait until everything has joined what it reads from, but no longer than `within` seconds."""
        for _ in range(int(within / JOIN_POLL_SECONDS)):
            if not self._health.missing():
                return
            await asyncio.sleep(JOIN_POLL_SECONDS)

    async def stop(self) -> None:
        """End everything; when this returns no task and no socket remains, but what `left` names."""
        self._health.waits_for("stop")
        stopping = asyncio.create_task(self._stop(), name="stopping")
        await asyncio.wait({stopping}, timeout=self._stop_seconds)
        if stopping.done():
            stopping.result()
            return
        self.left = tuple(self._ending)
        log.error("process.not_stopped", running=self.left, seconds=self._stop_seconds)
        for task in (stopping, *self._tasks):
            task.cancel()

    async def _stop(self) -> None:
        for work in self._background:
            work.close()  # there was no start
        await asyncio.gather(
            *(self._end(f"server at port {each.port}", each.stop()) for each in self._servers)
        )
        await asyncio.gather(
            *(self._end(f"consumer {name}", each.stop()) for name, each in self._consumers)
        )
        for task in self._tasks:
            task.cancel()
        ending = (self._end(task.get_name(), task) for task in self._tasks)
        await asyncio.gather(*ending, return_exceptions=True)
        for close in reversed(self._closing):
            try:
                await self._end(f"closing {close.__qualname__}", close())
            except Exception as error:  # noqa: BLE001 - logged; the rest is closed all the same
                log.warning("process.not_closed", why=f"{type(error).__name__}: {error}")

    async def _end(self, name: str, ending: Awaitable[object]) -> None:
        self._ending[name] = None
        try:
            await ending
        finally:
            self._ending.pop(name, None)

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


def end(process: Process, *, was_asked: bool, say: Callable[[str], None]) -> int:
    """The exit code; does not return where something is left that the event loop would wait for."""
    if not process.left:
        return 0 if was_asked else 1
    say(
        f"Not stopped in time, and ended with the process: {', '.join(process.left)}."
        " What was not finished is done again at the next start."
    )
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)
