"""A process stops as a whole, in bounded time, and says what did not."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from textwrap import dedent

import pytest
from structlog.testing import capture_logs

from responder.app.health import Health
from responder.app.loops import Loop
from responder.app.process import Process
from responder.telemetry.metrics import Metrics
from responder.testing.clock import LoopClock, VirtualTimeLoop

EVENT_LOOP = VirtualTimeLoop
STOP_SECONDS = 45.0


class Parts:
    """What a test puts into a process."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.process = Process(Health(self.clock, Metrics()), stop_seconds=STOP_SECONDS)
        self.ended: list[str] = []
        self.test_is_over = False

    async def well_behaved(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append("task")

    async def deaf(self) -> None:
        """Work that does not end when it is cancelled."""
        while not self.test_is_over:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    async def close(self) -> None:
        self.ended.append("closed")

    async def close_never(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
async def parts() -> AsyncIterator[Parts]:
    parts = Parts()
    yield parts
    parts.test_is_over = True
    await asyncio.sleep(60)


async def test_what_ends_when_asked_leaves_nothing(parts: Parts) -> None:
    parts.process.background(parts.well_behaved())
    parts.process.close_last(parts.close)
    await parts.process.start()
    await asyncio.sleep(1)
    await parts.process.stop()
    assert parts.ended == ["task", "closed"]
    assert parts.process.left == ()
    assert parts.clock.monotonic() < STOP_SECONDS
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_does_not_end_is_named_when_the_time_to_stop_is_over(parts: Parts) -> None:
    parts.process.background(parts.well_behaved())
    parts.process.repeat(Loop("outbox", parts.deaf, seconds=1.0, clock=parts.clock))
    await parts.process.start()
    await asyncio.sleep(1)
    began = parts.clock.monotonic()
    with capture_logs() as said:
        await parts.process.stop()
    assert parts.clock.monotonic() - began == STOP_SECONDS
    assert parts.process.left == ("loop outbox",)
    [told] = [each for each in said if each["event"] == "process.not_stopped"]
    assert told["running"] == ("loop outbox",)


async def test_a_connection_that_does_not_close_is_named_too(parts: Parts) -> None:
    parts.process.close_last(parts.close)
    parts.process.close_last(parts.close_never)
    await parts.process.start()
    await parts.process.stop()
    assert parts.process.left == ("closing Parts.close_never",)


async def test_a_process_that_never_started_stops_all_the_same(parts: Parts) -> None:
    parts.process.background(parts.well_behaved())
    parts.process.close_last(parts.close)
    await parts.process.stop()
    assert parts.ended == ["closed"]


DEAF = """
    import asyncio

    from responder.adapters.system import SystemClock
    from responder.app.health import Health
    from responder.app.process import Process, end
    from responder.telemetry.metrics import Metrics

    async def deaf():
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

    async def main():
        process = Process(Health(SystemClock(), Metrics()), stop_seconds=0.2)
        process.background(deaf())
        await process.start()
        await asyncio.sleep(0)
        await process.stop()
        return end(process, was_asked=True, say=print)

    raise SystemExit(asyncio.run(main()))
"""


def test_a_task_that_never_ends_does_not_keep_the_process() -> None:
    """`asyncio.run` waits for it for ever."""
    ended = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", dedent(DEAF)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
    assert "ended with the process: deaf." in ended.stdout
