"""What the consumer does with records: order, concurrency, ends, back-pressure."""

import asyncio
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from typing_extensions import override

from responder.engagement.errors import Malformed, RateLimited, Unavailable
from responder.stream.handler import DONE, Bury, One, Outcome, RecordHandler, Retry
from responder.stream.limit import Aimd, Fixed, Yielding
from responder.stream.log import Partition, Record
from responder.stream.options import StreamOptions
from responder.testing.clock import LoopClock
from responder.testing.log import CommitFault
from responder.testing.stream import TOPIC, StreamRig


class Recorder:
    """A handler that takes `seconds`, and remembers who ran when."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.started: list[bytes] = []
        self.done: list[bytes] = []
        self.by_key: dict[bytes | None, list[bytes]] = defaultdict(list)
        self.running: Counter[bytes | None] = Counter()
        self.most_at_once = 0
        self.most_of_a_key = 0
        self.cancelled: list[bytes] = []

    async def __call__(self, record: Record) -> Outcome:
        self.started.append(record.value)
        self.running[record.key] += 1
        self.most_at_once = max(self.most_at_once, self.running.total())
        self.most_of_a_key = max(self.most_of_a_key, self.running[record.key])
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled.append(record.value)
            raise
        finally:
            self.running[record.key] -= 1
        self.done.append(record.value)
        self.by_key[record.key].append(record.value)
        return DONE


def failing(times: int, how: Exception | Outcome, then: RecordHandler) -> RecordHandler:
    """A handler that fails so often for each record, and then does as `then`."""
    failures: Counter[bytes] = Counter()

    async def handle(record: Record) -> Outcome:
        failures[record.value] += 1
        if failures[record.value] > times:
            return await then(record)
        if isinstance(how, Exception):
            raise how
        return how

    return handle


DOWN = Unavailable(what="the ledger", why="it is down")


class TestOrderAndConcurrency:
    @pytest.mark.promise(3)
    async def test_records_of_a_key_are_handled_one_at_a_time_and_in_order(self) -> None:
        rig, handler = StreamRig(partitions=3), Recorder(0.3)
        await rig.feed(*((f"k{n % 7}", f"{n:03}") for n in range(100)))
        async with rig.running(One(handler)):
            await rig.until(lambda: len(handler.done) == 100)
        assert handler.most_of_a_key == 1
        assert all(values == sorted(values) for values in handler.by_key.values())

    async def test_different_keys_of_one_partition_run_at_once_up_to_the_limit(self) -> None:
        rig, handler = StreamRig(), Recorder(1.0)
        await rig.feed(*((f"k{n}", f"{n}") for n in range(100)))
        async with rig.running(One(handler), options=StreamOptions(concurrency=10)):
            await rig.until(lambda: len(handler.done) == 100, within=11)
        assert handler.most_at_once == 10

    async def test_one_slow_thread_does_not_hold_up_another(self) -> None:
        rig, quick = StreamRig(), Recorder()

        async def handle(record: Record) -> Outcome:
            if record.key == b"slow":
                await asyncio.sleep(8)
            return await quick(record)

        await rig.feed(("slow", "first"), *(("quick", f"{n}") for n in range(50)))
        async with rig.running(One(handle)):
            await rig.until(lambda: len(quick.done) == 50, within=1)
            assert rig.committed == {0: None}
            await rig.until(lambda: rig.committed == {0: 51})

    async def test_records_without_a_key_run_at_once(self) -> None:
        rig, handler = StreamRig(), Recorder(1.0)
        await rig.feed(*((None, f"{n}") for n in range(20)))
        async with rig.running(One(handler)):
            await rig.until(lambda: len(handler.done) == 20, within=2)

    async def test_a_backlog_in_one_partition_does_not_delay_another(self) -> None:
        rig, handler = StreamRig(partitions=2), Recorder(1.0)
        for n in range(200):
            rig.place(0, f"k{n}", "deep")
        rig.place(1, "lonely", "shallow")
        async with rig.running(One(handler), options=StreamOptions(concurrency=2)):
            await rig.until(lambda: b"shallow" in handler.done, within=3)


class TestCommits:
    async def test_nothing_is_committed_past_an_unfinished_record(self) -> None:
        rig, rest = StreamRig(), Recorder()
        gate = asyncio.Event()

        async def handle(record: Record) -> Outcome:
            if record.value == b"2":
                await gate.wait()
            return await rest(record)

        await rig.feed(*((f"k{n}", f"{n}") for n in range(10)))
        async with rig.running(One(handle)):
            await rig.until(lambda: len(rest.done) == 9)
            await asyncio.sleep(2)
            assert rig.committed == {0: 2}
            gate.set()
            await rig.until(lambda: rig.committed == {0: 10})

    async def test_an_idle_consumer_has_committed_everything_at_once(self) -> None:
        rig, handler = StreamRig(), Recorder()
        await rig.feed(("k", "1"))
        async with rig.running(One(handler), options=StreamOptions(commit_interval=10.0)):
            await rig.until(lambda: rig.committed == {0: 1}, within=3)

    @pytest.mark.parametrize(
        "fault", [CommitFault.LOST, CommitFault.LANDED, CommitFault.REBALANCING]
    )
    async def test_a_commit_that_fails_is_made_again(self, fault: CommitFault) -> None:
        rig, handler = StreamRig(), Recorder()
        rig.server.commit_faults.extend([fault] * 3)
        await rig.feed(("k", "1"), ("k", "2"))
        async with rig.running(One(handler)):
            await rig.until(lambda: rig.committed == {0: 2}, within=5)
            await rig.until(lambda: not rig.server.commit_faults, within=5)
        assert handler.done == [b"1", b"2"]

    async def test_a_log_that_hangs_does_not_hold_up_the_handlers(self) -> None:
        rig, handler = StreamRig(), Recorder()
        async with rig.running(One(handler)):
            await rig.feed(("k", "1"))
            await rig.until(lambda: rig.committed == {0: 1})
            await rig.feed(("k", "2"))
            rig.server.pause()
            await rig.until(lambda: handler.done == [b"1", b"2"], within=1)
            await rig.until(lambda: rig.observer.counts["commit unknown"], within=10)
            rig.server.resume()
            await rig.until(lambda: rig.committed == {0: 2}, within=10)


class TestRetry:
    async def test_a_lane_waits_for_its_retry_while_others_go_on(self) -> None:
        rig, handler = StreamRig(), Recorder()
        retrying = failing(2, DOWN, handler)

        async def handle(record: Record) -> Outcome:
            return await (retrying if record.value == b"a1" else handler)(record)

        await rig.feed(("a", "a1"), ("a", "a2"), ("b", "b1"))
        async with rig.running(One(handle)):
            await rig.until(lambda: len(handler.done) == 3)
        assert handler.done == [b"b1", b"a1", b"a2"]
        assert rig.observer.counts["retried unavailable"] == 2

    async def test_what_a_dependency_asked_to_wait_is_waited(self) -> None:
        rig, handler = StreamRig(), Recorder()
        limited = failing(1, RateLimited(what="the model", after_seconds=40.0), handler)
        await rig.feed(("k", "1"))
        async with rig.running(One(limited)):
            await rig.until(lambda: handler.done)
            assert 40.0 <= rig.clock.monotonic() <= 42.0

    @pytest.mark.fault(23)
    async def test_a_handler_beyond_its_time_is_cancelled_and_tried_again(self) -> None:
        rig, slow, quick = StreamRig(), Recorder(100.0), Recorder()
        calls = iter([slow, slow, quick])

        async def handle(record: Record) -> Outcome:
            return await next(calls)(record)

        await rig.feed(("k", "1"))
        async with rig.running(One(handle), options=StreamOptions(handler_timeout=10.0)):
            await rig.until(lambda: quick.done, within=25)
        assert slow.cancelled == [b"1", b"1"]
        assert rig.observer.counts["retried handler_timeout"] == 2

    async def test_a_handler_that_keeps_the_cancellation_to_itself_can_still_be_done(self) -> None:
        rig = StreamRig()
        done = []

        async def handle(record: Record) -> Outcome:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                done.append(record.value)
            return DONE

        await rig.feed(("k", "1"), ("k", "2"))
        async with rig.running(One(handle)):
            await rig.until(lambda: rig.committed == {0: 2}, within=30)
        assert done == [b"1", b"2"]

    async def test_a_cancellation_that_nobody_asked_for_is_a_failed_attempt(self) -> None:
        """A client library may let one of its own out; nothing else is to end of it."""
        rig, handler = StreamRig(), Recorder(1.0)

        async def handle(record: Record) -> Outcome:
            if record.value == b"stray":
                raise asyncio.CancelledError
            return await handler(record)

        await rig.feed(("a", "stray"), ("b", "1"), ("b", "2"))
        async with rig.running(One(handle)) as consumer:
            await rig.until(lambda: rig.committed == {0: 3})
            assert not consumer.health().is_stopping
        assert rig.dead_letters.values == [b"stray"]
        assert handler.started == [b"1", b"2"]

    async def test_attempts_that_do_not_count_end_only_with_their_age(self) -> None:
        rig, handler = StreamRig(), Recorder()
        resting = Retry("breaker", counts=False)
        await rig.feed(("k", "1"))
        options = StreamOptions(retry_max=2, retry_max_age=900.0)
        async with rig.running(One(failing(10_000, resting, handler)), options=options):
            await rig.until(lambda: rig.dead_letters.buried)
            assert 900 <= rig.clock.monotonic() <= 935
        (buried,) = rig.dead_letters.buried
        assert buried.attempts == 0


class TestDeadLetters:
    @pytest.mark.fault(23)
    async def test_a_record_that_always_fails_is_buried_whole_and_the_lane_moves_on(self) -> None:
        rig, handler = StreamRig(), Recorder()
        always = failing(10_000, DOWN, handler)

        async def handle(record: Record) -> Outcome:
            return await (always if record.value == b"bad" else handler)(record)

        await rig.feed(("k", "bad"), ("k", "good"))
        async with rig.running(One(handle)):
            await rig.until(lambda: rig.committed == {0: 2})
        (buried,) = rig.dead_letters.buried
        assert buried.record == rig.server.records[Partition(TOPIC, 0)][0]
        assert (buried.reason, buried.attempts, buried.group) == ("failed", 5, "group")
        assert buried.detail == "Unavailable: the ledger is not available: it is down"
        assert buried.first_failed_at < buried.last_failed_at
        assert handler.done == [b"good"]

    async def test_what_does_not_parse_is_buried_at_the_first_attempt(self) -> None:
        rig = StreamRig()

        async def handle(record: Record) -> Outcome:
            raise Malformed(what="the event", why=record.value.decode())

        await rig.feed(("k", "no text"))
        async with rig.running(One(handle)):
            await rig.until(lambda: rig.committed == {0: 1})
        (buried,) = rig.dead_letters.buried
        assert (buried.reason, buried.attempts) == ("malformed", 1)

    async def test_a_record_is_not_skipped_while_the_dead_letter_is_away(self) -> None:
        rig = StreamRig()
        rig.dead_letters.is_away = True

        async def handle(record: Record) -> Outcome:  # noqa: ARG001 - a handler's signature
            return Bury("unknown_source", "nobody knows it")

        await rig.feed(("k", "1"))
        async with rig.running(One(handle)):
            await rig.until(lambda: rig.observer.counts["bury failed"] > 20)
            assert rig.committed == {0: None}
            rig.dead_letters.is_away = False
            await rig.until(lambda: rig.committed == {0: 1})
        assert rig.dead_letters.values == [b"1"]
        assert rig.observer.counts["buried unknown_source"] == 1

    async def test_a_flood_of_garbage_slows_a_partition_and_does_not_stop_it(self) -> None:
        rig = StreamRig()

        async def handle(record: Record) -> Outcome:
            return DONE if record.value == b"good" else Bury("malformed")

        await rig.feed(*((f"k{n}", "bad") for n in range(50)), ("good", "good"))
        options = StreamOptions(malformed_tokens=10, malformed_refill_per_second=2.0)
        async with rig.running(One(handle), options=options):
            await rig.until(lambda: len(rig.dead_letters.buried) == 50)
            assert 19 <= rig.clock.monotonic() <= 22
        assert rig.committed == {0: 51}
        assert not rig.observer.counts["stopped 0"]

    @pytest.mark.fault(7)
    async def test_an_outage_stops_the_partition_before_it_drains_into_the_dead_letter(
        self,
    ) -> None:
        rig, handler = StreamRig(partitions=2), Recorder()
        ledger_is_down = True

        async def handle(record: Record) -> Outcome:
            if ledger_is_down and record.partition.number == 0:
                raise DOWN
            return await handler(record)

        for n in range(100):
            rig.place(0, f"k{n}", f"{n}")
        rig.place(1, "k", "elsewhere")
        async with rig.running(One(handle)) as consumer:
            await rig.until(lambda: consumer.health().stopped)
            assert consumer.health().stopped == {Partition(TOPIC, 0)}
            await asyncio.sleep(120)
            assert len(rig.dead_letters.buried) == 10
            assert handler.done == [b"elsewhere"]
            ledger_is_down = False
            await rig.until(lambda: rig.committed == {0: 100, 1: 1}, within=60)
            assert consumer.health().stopped == set()
        assert len(rig.dead_letters.buried) == 10

    async def test_a_person_may_allow_more_to_be_buried(self) -> None:
        rig = StreamRig()
        await rig.feed(*((f"k{n}", f"{n}") for n in range(20)))
        always = failing(10_000, DOWN, Recorder())
        async with rig.running(One(always)) as consumer:
            await rig.until(lambda: consumer.health().stopped)
            assert len(rig.dead_letters.buried) == 10
            consumer.allow(10)
            await rig.until(lambda: rig.committed == {0: 20}, within=15)
        assert len(rig.dead_letters.buried) == 20


class TestBackPressure:
    async def test_a_backlog_is_held_within_the_buffer(self) -> None:
        rig, handler = StreamRig(partitions=4), Recorder(0.01)
        await rig.feed(*((f"k{n % 50}", f"{n}") for n in range(5_000)))
        options = StreamOptions(concurrency=10, buffer_records=200)
        held = []
        async with rig.running(One(handler), options=options) as consumer:
            while len(handler.done) < 5_000:
                held.append(consumer._lanes.records)
                await asyncio.sleep(0.01)
        assert max(held) <= 200

    async def test_a_window_bounds_what_is_read_past_a_stuck_record(self) -> None:
        rig, rest = StreamRig(), Recorder()
        gate = asyncio.Event()

        async def handle(record: Record) -> Outcome:
            if record.value == b"0":
                await gate.wait()
            return await rest(record)

        await rig.feed(*((f"k{n}", f"{n}") for n in range(300)))
        options = StreamOptions(window_records=100, stuck_after=1_000.0, handler_timeout=500.0)
        async with rig.running(One(handle), options=options):
            await asyncio.sleep(30)
            assert len(rest.done) == 99
            gate.set()
            await rig.until(lambda: rig.committed == {0: 300}, within=10)

    async def test_a_quiet_partition_does_not_slow_a_busy_one(self) -> None:
        """The poll that waits for the quiet one ends when the busy one has room again."""
        rig, handler = StreamRig(partitions=2), Recorder(0.001)
        for n in range(2_000):
            rig.place(0, f"k{n}", f"{n}")
        options = StreamOptions(concurrency=8, buffer_records=160, poll_wait=5.0)
        async with rig.running(One(handler), options=options):
            await rig.until(lambda: len(handler.done) == 2_000, within=1.0)

    async def test_a_consumer_without_room_stays_a_member(self) -> None:
        rig, handler = StreamRig(), Recorder(400.0)
        await rig.feed(*(("k", f"{n}") for n in range(30)))
        options = StreamOptions(
            concurrency=1, buffer_records=20, handler_timeout=500.0, retry_max_age=5_000.0
        )
        async with rig.running(One(handler), options=options):
            await rig.until(lambda: len(handler.done) == 3)
        assert len(rig.observer.rebalances) == 0
        assert handler.started == [b"0", b"1", b"2", b"3"]

    async def test_no_more_run_at_once_than_the_limit_of_the_moment(self) -> None:
        rig, handler = StreamRig(), Recorder(1.0)
        limit = Aimd(2, 8)
        excess = []

        async def handle(record: Record) -> Outcome:
            excess.append(handler.running.total() + 1 - limit.current)
            return await handler(record)

        await rig.feed(*((f"k{n}", f"{n}") for n in range(100)))
        async with rig.running(One(handle), limit=limit):
            await rig.until(lambda: len(handler.done) == 100)
        assert max(excess) <= 0
        assert handler.most_at_once == 8

    async def test_one_at_a_time_while_something_more_urgent_is_behind(self) -> None:
        rig, handler = StreamRig(), Recorder(1.0)
        urgent = {"triage"}
        together = []

        async def handle(record: Record) -> Outcome:
            together.append(handler.running.total() + 1)
            return await handler(record)

        await rig.feed(*((f"k{n}", f"{n}") for n in range(40)))
        async with rig.running(One(handle), limit=Yielding(Fixed(8), lambda: bool(urgent))):
            await rig.until(lambda: len(handler.done) == 5)
            assert max(together) == 1
            urgent.clear()
            await rig.until(lambda: len(handler.done) == 30)
            assert max(together) == 8
            urgent.add("triage")
            await rig.until(lambda: handler.running.total() <= 1)
            together.clear()
            await rig.until(lambda: len(handler.done) == 40)
        assert set(together) == {1}

    async def test_nothing_starts_while_the_dependency_wants_to_be_left_alone(self) -> None:
        rig, handler = StreamRig(), Recorder()
        limited = failing(1, RateLimited(what="the model", after_seconds=30.0), handler)

        async def handle(record: Record) -> Outcome:
            return await (limited if record.value == b"0" else handler)(record)

        await rig.feed(*(("k", f"{n}") for n in range(1)))
        async with rig.running(One(handle), limit=Aimd(1, 8)):
            await rig.until(lambda: rig.observer.counts["retried rate-limited"])
            began = rig.clock.monotonic()
            await rig.feed(*((f"k{n}", f"{n}") for n in range(1, 10)))
            await rig.until(lambda: handler.started)
            assert 29 <= rig.clock.monotonic() - began <= 31

    async def test_adaptive_concurrency_comes_down_under_overload_and_recovers(self) -> None:
        """A dependency that takes eight at once and refuses the rest."""
        rig = StreamRig()
        limit = Aimd(2, 32)
        running = Counter[str]()
        refused = []

        async def handle(record: Record) -> Outcome:  # noqa: ARG001 - a handler's signature
            if running["now"] >= 8:
                refused.append(rig.clock.monotonic())
                raise RateLimited(what="the model", after_seconds=0.5)
            running["now"] += 1
            await asyncio.sleep(0.2)
            running["now"] -= 1
            running["done"] += 1
            return DONE

        await rig.feed(*((f"k{n}", f"{n}") for n in range(2_000)))
        options = StreamOptions(concurrency=32, retry_max=1_000)
        async with rig.running(One(handle), limit=limit, options=options):
            await rig.until(lambda: running["done"] == 2_000)
        assert limit.current <= 12
        assert len(refused) < 400


class TickingClock(LoopClock):
    """Time that passes with the work: a millisecond whenever somebody looks."""

    looks = 0

    @override
    def monotonic(self) -> float:
        self.looks += 1
        return super().monotonic() + self.looks / 1_000


async def test_handlers_that_never_wait_let_other_tasks_run() -> None:
    rig, done = StreamRig(), []
    rig.clock = TickingClock()
    seen = []

    async def handle(record: Record) -> Outcome:
        done.append(record.value)
        return DONE

    async def neighbour() -> None:
        while len(done) < 400:
            seen.append(len(done))
            await asyncio.sleep(0)

    await rig.feed(*((f"k{n}", f"{n}") for n in range(400)))
    async with rig.running(One(handle), options=StreamOptions(concurrency=4)):
        await neighbour()
    assert max(after - before for before, after in pairwise(seen)) < 40


class TestStuckHead:
    OPTIONS = StreamOptions(
        concurrency=8, window_records=1_000, handler_timeout=100.0, stuck_after=5.0
    )

    async def test_a_running_head_that_stops_its_partition_is_cancelled_and_then_buried(
        self,
    ) -> None:
        rig, rest, stuck = StreamRig(), Recorder(), Recorder(90.0)

        async def handle(record: Record) -> Outcome:
            return await (stuck if record.value == b"0" else rest)(record)

        await rig.feed(*((f"k{n}", f"{n}") for n in range(2_000)))
        async with rig.running(One(handle), options=self.OPTIONS):
            await rig.until(lambda: rig.committed == {0: 2_000}, within=30)
        assert stuck.cancelled == [b"0", b"0"]
        assert [b.reason for b in rig.dead_letters.buried] == ["head_of_line"]

    async def test_a_parked_head_that_stops_its_partition_is_tried_at_once(self) -> None:
        rig, rest = StreamRig(), Recorder()
        waiting = failing(1, Retry("later", after_seconds=600.0), rest)

        async def handle(record: Record) -> Outcome:
            return await (waiting if record.value == b"0" else rest)(record)

        await rig.feed(*((f"k{n}", f"{n}") for n in range(2_000)))
        async with rig.running(One(handle), options=self.OPTIONS):
            await rig.until(lambda: rig.committed == {0: 2_000}, within=30)
        assert len(rest.done) == 2_000
        assert not rig.dead_letters.buried

    async def test_a_slow_head_that_stops_nobody_is_left_alone(self) -> None:
        rig, rest, slow = StreamRig(), Recorder(), Recorder(90.0)

        async def handle(record: Record) -> Outcome:
            return await (slow if record.value == b"0" else rest)(record)

        await rig.feed(*((f"k{n}", f"{n}") for n in range(500)))
        async with rig.running(One(handle), options=self.OPTIONS):
            await rig.until(lambda: rig.committed == {0: 500}, within=100)
        assert slow.done == [b"0"]


class TestWhatIsTold:
    async def test_the_observer_hears_of_work_in_slices(self) -> None:
        rig, handler = StreamRig(), Recorder(0.5)
        await rig.feed(*((f"k{n}", f"{n}") for n in range(100)))
        async with rig.running(One(handler)):
            await rig.until(lambda: len(handler.done) == 100)
        observer = rig.observer
        assert observer.counts["finished"] == 100
        assert observer.durations == pytest.approx([0.5] * 100)
        assert len(observer.waits) == 1

    async def test_the_gauges_tell_the_age_at_the_commit_point(self) -> None:
        rig, handler = StreamRig(), Recorder(30.0)
        await rig.feed(("k", "1"), ("k", "2"))
        await asyncio.sleep(50)
        async with rig.running(One(handler), options=StreamOptions(handler_timeout=40.0)):
            await asyncio.sleep(10.5)
            gauges = rig.observer.last
            assert gauges is not None
            assert gauges.oldest_unfinished[Partition(TOPIC, 0)] == pytest.approx(60, abs=1.5)
            assert (gauges.running, gauges.buffered_records) == (1, 2)
            assert gauges.buffered_bytes == 4
            await rig.until(lambda: len(handler.done) == 2)

    async def test_the_lag_is_what_stands_behind_the_commit_point(self) -> None:
        rig, handler = StreamRig(), Recorder(9.0)
        await rig.feed(*(("k", f"{n}") for n in range(20)))
        async with rig.running(One(handler)):
            await rig.until(lambda: rig.observer.lags, within=20)
            assert rig.observer.lags == {Partition(TOPIC, 0): 19}

    async def test_the_lag_counts_the_very_first_record_too(self) -> None:
        rig, handler = StreamRig(), Recorder(30.0)
        await rig.feed(*(("k", f"{n}") for n in range(20)))
        async with rig.running(One(handler), options=StreamOptions(handler_timeout=40.0)):
            await rig.until(lambda: rig.observer.lags, within=20)
            assert rig.observer.lags == {Partition(TOPIC, 0): 20}

    async def test_a_corrupt_partition_is_told_of_and_does_not_stop_the_others(self) -> None:
        rig, handler = StreamRig(partitions=2), Recorder()
        for n in range(4):
            rig.place(0, "k", f"a{n}")
            rig.place(1, "k", f"b{n}")
        rig.server.corrupt(Partition(TOPIC, 0), 2)
        async with rig.running(One(handler)):
            await rig.until(lambda: rig.committed == {0: 2, 1: 4}, within=5)
            await rig.until(lambda: rig.observer.counts["corrupt"] > 1)

    async def test_a_corrupt_partition_is_no_stall(self) -> None:
        """A fresh client could not read it either; to build one would only disturb the others."""
        rig, handler = StreamRig(partitions=2), Recorder()
        rig.place(0, "k", "unreadable")
        rig.place(1, "k", "1")
        rig.server.corrupt(Partition(TOPIC, 0), 0)
        async with rig.running(One(handler)) as consumer:
            await asyncio.sleep(600)
            rig.place(1, "k", "2")
            await rig.until(lambda: rig.committed[1] == 2, within=5)
            assert not consumer.health().is_stopping
