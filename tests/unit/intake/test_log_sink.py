"""The way to a log that is sometimes away, on simulated time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from responder.adapters.log_sink import LogSink
from responder.engagement.errors import Unavailable
from responder.engagement.events import TOPICS, EngagementReceived, Event, EventAuthor
from responder.testing.clock import LoopClock, run
from responder.testing.log import MemoryServer


def event(number: int, *, text: str = "") -> Event:
    data = EngagementReceived(
        comment_id=f"c{number}",
        text=text,
        author=EventAuthor(id="a", name="A"),
        published_at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    return Event(
        id=data.event_id("shop"),
        source="shop",
        subject=data.thread_id,
        time=data.published_at,
        data=data,
    )


class Scene:
    def __init__(self, *, waiting_bytes: int = 1_000_000) -> None:
        self.clock = LoopClock()
        self.log = MemoryServer(self.clock)
        for topic in TOPICS:
            self.log.create(topic, 1)
        self.sink = LogSink(self.log.writer(), clock=self.clock, waiting_bytes=waiting_bytes)

    @property
    def stored(self) -> int:
        return sum(len(records) for records in self.log.records.values())

    async def refused_within(self, number: int) -> float:
        """Push once; gives after how many seconds it was refused."""
        started = self.clock.monotonic()
        with pytest.raises(Unavailable):
            await self.sink.publish([event(number)])
        return self.clock.monotonic() - started


def simulated(test: Callable[[Scene], Awaitable[None]]) -> Callable[[], None]:
    """Run a test on a loop that never waits."""

    async def main() -> None:
        await test(Scene())

    def runner() -> None:
        run(main())

    runner.__name__ = test.__name__
    return runner


@simulated
async def test_what_was_published_is_on_the_log(scene: Scene) -> None:
    await scene.sink.publish([event(1), event(2)])
    assert scene.stored == 2


@simulated
async def test_a_log_that_hangs_is_refused_within_the_limit(scene: Scene) -> None:
    scene.log.pause()
    assert await scene.refused_within(1) == pytest.approx(1.2)


@simulated
async def test_after_a_failure_the_next_ones_are_refused_at_once(scene: Scene) -> None:
    scene.log.pause()
    await scene.refused_within(1)
    assert [await scene.refused_within(n) for n in range(5)] == [0.0] * 5


@simulated
async def test_one_push_at_a_time_finds_out_whether_the_log_is_back(scene: Scene) -> None:
    scene.log.pause()
    await scene.refused_within(1)
    await scene.clock.sleep(1.0)
    waits = await asyncio.gather(*(scene.refused_within(n) for n in range(4)))
    assert sorted(waits) == pytest.approx([0.0, 0.0, 0.0, 1.2])


@simulated
async def test_once_the_log_is_back_pushes_pass_again(scene: Scene) -> None:
    scene.log.down()
    await scene.refused_within(1)
    scene.log.up()
    await scene.clock.sleep(1.0)
    await scene.sink.publish([event(2)])
    await asyncio.gather(*(scene.sink.publish([event(n)]) for n in range(3, 6)))
    assert scene.stored == 4


@simulated
async def test_a_record_that_the_log_never_takes_stops_no_others(scene: Scene) -> None:
    with pytest.raises(Unavailable):
        await scene.sink.publish([event(1, text="x" * 1_000_001)])
    await scene.sink.publish([event(2)])
    assert scene.stored == 1


def test_what_waits_for_an_answer_is_bounded() -> None:
    async def main() -> None:
        scene = Scene(waiting_bytes=1_000)
        scene.log.pause()
        waiting = [asyncio.ensure_future(scene.refused_within(n)) for n in range(20)]
        waits = await asyncio.gather(*waiting)
        assert 0.0 in waits
        assert max(waits) == pytest.approx(1.2)

    run(main())
