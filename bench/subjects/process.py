"""What every subject in Python has around it: the job, the trace, the event loop, the end."""

import asyncio
import os
import select
import selectors
import sys
from array import array
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import time_ns
from typing import TypeAlias

from typing_extensions import override

from bench.job import Job
from bench.workload import seconds_of

FETCH_MAX_WAIT_MS = 20
MAX_PARTITION_FETCH_BYTES = 256 * 1024
SESSION_TIMEOUT_MS = 45_000
SETTINGS = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "fetch_max_wait_ms": FETCH_MAX_WAIT_MS,
    "max_partition_fetch_bytes": MAX_PARTITION_FETCH_BYTES,
    "session_timeout_ms": SESSION_TIMEOUT_MS,
}
"""Of aiokafka's consumer, for each peer that uses it.

A broker answers them after 20 ms, with whatever it has; ours waits for up to 50 ms until 16 KB are
there, as roles do by default. Where a topic is full that makes no difference.
"""


class Diary:
    """Which records were handled and when. To note one costs a fifth of a microsecond."""

    def __init__(self) -> None:
        self._ids: list[bytes] = []
        self._starts = array("Q")
        self._ends = array("Q")

    def handled(self, value: bytes) -> None:
        """A handler that did nothing: it has ended when it begins."""
        now = time_ns()
        self._ids.append(value[:8])
        self._starts.append(now)
        self._ends.append(now)

    def handled_all(self, values: list[bytes]) -> None:
        """The same for a handler of many."""
        now = array("Q", (time_ns(),)) * len(values)
        self._ids += [value[:8] for value in values]
        self._starts += now
        self._ends += now

    async def wait(self, value: bytes) -> None:
        """A handler that waits as long as the record says."""
        start = time_ns()
        await asyncio.sleep(seconds_of(value))
        self._ids.append(value[:8])
        self._starts.append(start)
        self._ends.append(time_ns())

    def write(self, path: Path) -> None:
        numbers = array("Q", bytes(24 * len(self._ids)))
        numbers[0::3] = array("Q", b"".join(self._ids))
        numbers[1::3] = self._starts
        numbers[2::3] = self._ends
        path.write_bytes(numbers.tobytes())


Consume: TypeAlias = Callable[[Job, str, str, Diary, asyncio.Event], Awaitable[None]]
"""Consume a topic as a group until the event is set, and leave."""


def main(consume: Consume) -> None:
    job = Job.read(Path(sys.argv[1]))
    with asyncio.Runner(loop_factory=_LOOPS[job.loop]) as runner:
        diary = runner.run(_run(consume, job))
    diary.write(Path(job.trace))


async def _run(consume: Consume, job: Job) -> Diary:
    diary = Diary()
    for topic, group in job.phases:
        diary = Diary()
        stop = asyncio.Event()
        # A daemon, so that a subject that fails ends, and does not wait to be told.
        loop = asyncio.get_running_loop()
        Thread(target=_set_when_told, args=(loop, stop), daemon=True).start()
        await consume(job, topic, group, diary, stop)
    return diary


def _set_when_told(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    os.read(sys.stdin.fileno(), 1)
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(stop.set)


class _PreciseSelector(selectors.EpollSelector):
    """Waits to the microsecond, where `epoll_wait` rounds up to the millisecond."""

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            select.select([self.fileno()], [], [], timeout)
        return super().select(0)


def _precise() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(_PreciseSelector())


_LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop] | None] = {
    "asyncio": None,
    "precise": _precise,
}
