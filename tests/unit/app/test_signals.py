"""SIGHUP asks for the configuration to be read; what goes wrong then is said and ends nothing."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from responder.app.signals import Signals


class _Readings:
    """Readings of a configuration: each ends when the test lets it."""

    def __init__(self) -> None:
        self.begun = 0
        self.at_once = 0
        self.most_at_once = 0
        self.may_end = asyncio.Event()
        self.fails = False

    async def read(self) -> None:
        self.begun += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.may_end.wait()
            if self.fails:
                raise ZeroDivisionError("a fault of ours")
        finally:
            self.at_once -= 1


@pytest_asyncio.fixture
async def readings() -> AsyncIterator[_Readings]:
    signals, readings = Signals(), _Readings()
    signals.listen()
    reloading = asyncio.create_task(signals.reload_with(readings.read))
    yield readings
    reloading.cancel()
    await asyncio.wait([reloading])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().remove_signal_handler(number)


def _hang_up() -> None:
    os.kill(os.getpid(), signal.SIGHUP)


async def _until(fact: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not fact():  # noqa: ASYNC110 - no event tells us
            await asyncio.sleep(0.01)


async def test_a_reading_that_fails_is_said_and_the_next_one_is_made(readings: _Readings) -> None:
    readings.may_end.set()
    readings.fails = True
    with capture_logs() as said:
        _hang_up()
        await _until(lambda: said)
    assert [(each["event"], each["log_level"]) for each in said] == [
        ("configuration.not_read", "error")
    ]
    _hang_up()
    await _until(lambda: readings.begun == 2)


async def test_what_is_asked_for_during_a_reading_is_read_after_it(readings: _Readings) -> None:
    """Two at once could end in the wrong order, with the older configuration in force."""
    _hang_up()
    await _until(lambda: readings.begun == 1)
    _hang_up()
    _hang_up()
    readings.may_end.set()
    await _until(lambda: readings.begun == 2)
    await _until(lambda: readings.at_once == 0)
    assert (readings.begun, readings.most_at_once) == (2, 1)


async def test_a_reading_that_is_asked_for_before_anybody_can_read_is_made_then() -> None:
    signals, readings = Signals(), _Readings()
    signals.listen()
    try:
        _hang_up()
        reloading = asyncio.create_task(signals.reload_with(readings.read))
        await _until(lambda: readings.begun == 1)
        reloading.cancel()
        await asyncio.wait([reloading])
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().remove_signal_handler(number)


async def test_work_that_is_stopped_for_is_cancelled_and_over() -> None:
    signals, ended = Signals(), asyncio.Event()

    async def work() -> str:
        signals.stop.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return "never"

    assert await signals.unless_stopped(work()) is None
    assert ended.is_set()


async def test_work_that_nobody_stops_gives_what_it_found() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await Signals().unless_stopped(work()) == "done"


async def test_work_that_fails_while_it_is_stopped_says_so() -> None:
    signals = Signals()

    async def work() -> str:
        signals.stop.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await signals.unless_stopped(work())
