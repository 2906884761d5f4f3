"""The hub: one reader, many listeners, no gap between joining and listening."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.review.ports import Change
from responder.testing.clock import LoopClock, run
from responder.web.sse import Closing, Hub, Listener, Notice, Reset, position


def change(number: int) -> Change:
    return Change(number=number, engagement_id=None, act="queued", state=None, queue="default")


@dataclass
class Ledger:
    """The numbers that are sealed; reading can be made to fail."""

    latest: int = 0
    fails: int = 0
    reads: int = field(default=0)

    async def changes(self, *, after: int, limit: int = 1000) -> Sequence[Change]:
        self.reads += 1
        await asyncio.sleep(0.001)
        if self.fails:
            self.fails -= 1
            raise ConnectionError
        return [change(n) for n in range(after + 1, min(self.latest, after + limit) + 1)]

    async def latest_change(self) -> int:
        return self.latest


@asynccontextmanager
async def following(ledger: Ledger, **limits: int) -> AsyncIterator[Hub]:
    hub = Hub(desk=ledger, clock=LoopClock(), **limits)
    running = asyncio.create_task(hub.run())
    try:
        yield hub
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def heard(listener: Listener, *, within_seconds: float = 30) -> list[int | type[Notice]]:
    """Numbers, and the kinds of other notices, until nothing comes for a while."""
    notices: list[int | type[Notice]] = []
    while (notice := await listener.take(within_seconds=within_seconds)) is not None:
        notices.append(notice.number if isinstance(notice, Change) else type(notice))
    return notices


def test_a_listener_hears_every_change_after_its_own_number_once_and_in_order() -> None:
    async def story() -> None:
        ledger = Ledger(latest=7)
        async with following(ledger) as hub, hub.listen(after=4) as listener:
            ledger.latest = 9
            assert await heard(listener) == [5, 6, 7, 8, 9]

    run(story())


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), min_size=1, max_size=8))
def test_whenever_somebody_joins_nothing_falls_between(joins: list[tuple[int, int]]) -> None:
    """Each joins some changes late, at some moment, while changes go on being sealed."""

    async def story() -> None:
        ledger = Ledger(latest=10)
        async with following(ledger) as hub:

            async def visit(behind: int, delay: int) -> None:
                await asyncio.sleep(delay / 10)
                after = ledger.latest - behind
                async with hub.listen(after=after) as listener:
                    assert await heard(listener) == list(range(after + 1, 31))

            visits = [asyncio.create_task(visit(*each)) for each in joins]
            for _ in range(20):
                await asyncio.sleep(0.13)
                ledger.latest += 1
            await asyncio.gather(*visits)

    run(story())


def test_one_reader_serves_everybody() -> None:
    async def reads(listeners: int) -> int:
        ledger = Ledger(latest=1)
        async with following(ledger) as hub, contexts(hub, listeners):
            ledger.reads = 0
            await asyncio.sleep(60)
            return ledger.reads

    @asynccontextmanager
    async def contexts(hub: Hub, count: int) -> AsyncIterator[None]:
        if count == 0:
            yield
            return
        async with hub.listen(after=1), contexts(hub, count - 1):
            yield

    assert run(reads(1)) == pytest.approx(run(reads(50)), abs=2)


def test_nobody_listening_means_nobody_reading() -> None:
    async def story() -> None:
        ledger = Ledger(latest=1)
        async with following(ledger) as hub:
            async with hub.listen(after=1):
                await asyncio.sleep(1)
            assert hub.listening == 0
            await asyncio.sleep(1)
            ledger.reads = 0
            await asyncio.sleep(60)
            assert ledger.reads == 0

    run(story())


def test_who_comes_back_after_a_long_rest_hears_what_was_missed() -> None:
    async def story() -> None:
        ledger = Ledger(latest=5)
        async with following(ledger) as hub:
            async with hub.listen(after=5):
                pass
            ledger.latest = 90
            async with hub.listen(after=5) as listener:
                assert await heard(listener) == list(range(6, 91))

    run(story())


@pytest.mark.parametrize("after", [0, 40_000])
def test_who_is_too_far_behind_or_ahead_of_the_ledger_starts_anew(after: int) -> None:
    async def story() -> None:
        async with (
            following(Ledger(latest=30_000)) as hub,
            hub.listen(after=after) as listener,
        ):
            assert await listener.take(within_seconds=1) == Reset(30_000)
            assert await heard(listener) == []

    run(story())


def test_a_slow_listener_starts_anew_and_slows_nobody() -> None:
    async def story() -> None:
        ledger = Ledger()
        async with (
            following(ledger, queue_size=10) as hub,
            hub.listen(after=0) as slow,
            hub.listen(after=0) as quick,
        ):
            quick_heard = []
            for number in range(1, 26):
                ledger.latest = number
                quick_heard += await heard(quick, within_seconds=1)
            assert quick_heard == list(range(1, 26))
            slow_heard = await heard(slow)
            assert slow_heard[0] is Reset
            assert len(slow_heard) <= 10

    run(story())


def test_a_ledger_that_cannot_be_read_for_a_while_loses_nothing() -> None:
    async def story() -> None:
        ledger = Ledger(latest=1)
        async with following(ledger) as hub, hub.listen(after=1) as listener:
            ledger.fails = 3
            ledger.latest = 4
            assert await heard(listener) == [2, 3, 4]

    run(story())


def test_at_the_end_everybody_is_sent_away_to_come_back() -> None:
    async def story() -> None:
        async with following(Ledger()) as hub, hub.listen(after=0) as listener:
            hub.close()
            assert await heard(listener) == [Closing]
            async with hub.listen(after=0) as late:
                assert await heard(late) == [Closing]

    run(story())


@pytest.mark.parametrize(
    ("last_event_id", "after", "number"),
    [
        ("12", "7", 12),
        (None, "7", 7),
        ("", "7", 7),
        (None, None, None),
        ("-1", "x", None),
        ("٣", None, None),
        ("9" * 40, None, None),
    ],
)
def test_a_reconnects_number_overrules_the_pages(
    last_event_id: str | None, after: str | None, number: int | None
) -> None:
    assert position(last_event_id, after) == number
