"""Simulated time: an event loop that never waits, and the clock that goes with it.

When nothing is ready, `VirtualTimeLoop` jumps to its next timer, so an hour of backoff takes no
time and every run with the same seed is the same run. Ready callbacks keep their order (asyncio
promises first in, first out): a seed moves time, never the queue.

It is for code whose every wait is a timer or another task. A wait for a real socket or a thread
cannot end here; it is reported as `Deadlock` instead of hanging.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from typing_extensions import override

T = TypeVar("T")

EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""Where simulated wall time starts unless told otherwise: a Monday morning."""


class Deadlock(RuntimeError):
    """Nothing is ready and no timer is set: what is awaited can never happen."""


class _Jump(selectors.SelectSelector):
    """Instead of sleeping until the next timer, says that it has slept."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # Nobody but the loop itself can write to its own pipe, and whoever does is ready already: a
        # call of the system at each turn would be a good part of what a simulation does.
        has_only_own_pipe = len(self.get_map()) == 1
        ready = [] if has_only_own_pipe and timeout is not None else super().select(0)
        if not ready and timeout is None:
            raise Deadlock("nothing is ready and no timer is set")
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is simulated."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    @override
    def time(self) -> float:
        return self._jump.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a fresh simulated loop; what `asyncio.run` is for real time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


class LoopClock:
    """The `Clock` port on the running loop's time, simulated or not.

    Args:
        start: the wall time at loop time 0.
    """

    def __init__(self, start: datetime = EPOCH) -> None:
        self._start = start

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def set_wall(self, now: datetime) -> None:
        """Let wall time jump, as a corrected clock does; durations are not touched."""
        self._start = now - timedelta(seconds=self.monotonic())
