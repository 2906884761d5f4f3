"""How the consumer lets go: revoke, loss, stop, and being rebuilt."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import pytest
from typing_extensions import override

from responder.stream.handler import DONE, One, Outcome, Retry
from responder.stream.log import Assignment, Partition, Record, Unreachable
from responder.stream.options import StreamOptions
from responder.stream.runner import Consumer
from responder.stream.stall import Stalled
from responder.stream.supervisor import Supervisor
from responder.testing.log import CommitFault, MemoryLog, MemoryServer, Timing
from responder.testing.stream import TOPIC, StreamRig


class Slow:
    """A handler that takes its time, and says what became of each attempt."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.started: list[bytes] = []
        self.done: list[bytes] = []
        self.cancelled: list[bytes] = []

    async def __call__(self, record: Record) -> Outcome:
        self.started.append(record.value)
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled.append(record.value)
            raise
        self.done.append(record.value)
        return DONE


async def joined(rig: StreamRig, *consumers: Consumer) -> None:
    await rig.until(
        lambda: (
            sum(len(c.health().assigned) for c in consumers) == len(rig.committed)
            and all(c.health().assigned for c in consumers)
        )
    )


class TestRevoke:
    async def test_running_work_is_finished_and_committed_before_the_partition_goes(self) -> None:
        rig = StreamRig(partitions=2)
        old, new = Slow(8.0), Slow(0.0)
        rig.place(0, "a", "a1")
        rig.place(1, "b", "b1")
        async with rig.running(One(old)) as first:
            await rig.until(lambda: len(old.started) == 2)
            async with rig.running(One(new)) as second:
                await joined(rig, first, second)
                assert rig.committed == {0: 1, 1: 1}
        assert sorted(old.done) == [b"a1", b"b1"]
        assert new.started == []

    async def test_what_has_not_started_is_left_to_the_next_owner(self) -> None:
        rig = StreamRig(partitions=2)
        old, new = Slow(8.0), Slow(0.0)
        for n in range(3):
            rig.place(0, "a", f"a{n}")
            rig.place(1, "b", f"b{n}")
        async with rig.running(One(old)) as first:
            await rig.until(lambda: len(old.started) == 2)
            async with rig.running(One(new)) as second:
                await rig.until(lambda: rig.committed == {0: 3, 1: 3})
                await joined(rig, first, second)
        assert sorted([*old.done, *new.done]) == [b"a0", b"a1", b"a2", b"b0", b"b1", b"b2"]

    async def test_work_that_outlasts_the_drain_is_cancelled_before_the_partition_goes(
        self,
    ) -> None:
        rig = StreamRig(partitions=2)
        old, new = Slow(600.0), Slow(0.0)
        for n in range(2):
            rig.place(n, "k", f"r{n}")
        options = StreamOptions(handler_timeout=700.0, drain_timeout=5.0, retry_max=1)
        async with rig.running(One(old), options=options) as first:
            await rig.until(lambda: len(old.started) == 2)
            async with rig.running(One(new), options=options) as second:
                await rig.until(lambda: len(new.started) == 1)
                assert sorted(old.cancelled) == [b"r0", b"r1"]
                await joined(rig, first, second)
                assert rig.observer.counts["drain timed out"] == 2
        assert rig.observer.rebalances[0] == pytest.approx(5.0, abs=0.5)
        assert not rig.dead_letters.buried, "to be cut short is nobody's failed attempt"

    async def test_a_handler_that_ignores_its_cancellation_finishes_too_late_to_count(self) -> None:
        rig = StreamRig()
        done = []

        async def stubborn(record: Record) -> Outcome:
            for _ in range(3):
                try:
                    await asyncio.sleep(10)
                except asyncio.CancelledError:
                    continue
            done.append(record.value)
            return DONE

        await rig.feed(("k", "1"))
        options = StreamOptions(drain_timeout=1.0, handler_timeout=100.0)
        async with rig.running(One(stubborn), options=options) as first:
            await rig.until(lambda: first.health().oldest_handler)
            async with rig.running(One(Slow(0.0)), options=options):
                await rig.until(lambda: rig.committed == {0: 1})
                await rig.until(lambda: done)
        assert rig.observer.counts["late"] >= 1

    async def test_a_retry_is_not_begun_on_a_partition_that_is_going(self) -> None:
        rig = StreamRig()
        attempts = []

        async def handle(record: Record) -> Outcome:
            attempts.append(record.value)
            await asyncio.sleep(2)
            return Retry("later")

        await rig.feed(("k", "1"))
        consumer = rig.member(One(handle))
        running = asyncio.create_task(consumer.run())
        await rig.until(lambda: attempts)
        await consumer.stop()
        await running
        assert attempts == [b"1"]
        assert rig.committed == {0: None}


class TestLoss:
    async def test_an_evicted_member_cancels_its_work_at_once_and_commits_nothing(self) -> None:
        rig = StreamRig(timing=Timing(notice=3.0))
        slow, heir = Slow(8.0), Slow(1.0)
        log = rig.server.consumer()
        await rig.feed(("k", "1"), ("k", "2"), ("k", "3"))
        async with rig.running(One(slow), log=log):
            await rig.until(lambda: slow.started == [b"1", b"2"] and rig.committed == {0: 1})
            log.evict()
            async with rig.running(One(heir)):
                await rig.until(lambda: slow.cancelled, within=3.1)
                assert slow.done == [b"1"]
                assert rig.observer.counts["commit fenced"] == 1
                await rig.until(lambda: rig.committed == {0: 3}, within=60)

    async def test_a_commit_that_is_fenced_ends_the_assignment(self) -> None:
        rig, slow = StreamRig(), Slow(3.0)
        await rig.feed(("a", "1"), ("b", "2"))
        rig.server.commit_faults.append(CommitFault.FENCED)

        async def handle(record: Record) -> Outcome:
            return await slow(record) if record.value == b"2" else DONE

        async with rig.running(One(handle)) as consumer:
            await rig.until(lambda: rig.observer.counts["commit fenced"])
            await asyncio.sleep(0.1)
            assert consumer.health().assigned == set()
            assert slow.cancelled == [b"2"]
            assert rig.committed == {0: None}


class TestStop:
    async def test_stop_finishes_what_runs_and_commits_it(self) -> None:
        rig, slow = StreamRig(), Slow(8.0)
        await rig.feed(*((f"k{n}", f"{n}") for n in range(5)), ("k0", "later"))
        consumer = rig.member(One(slow))
        running = asyncio.create_task(consumer.run())
        await rig.until(lambda: len(slow.started) == 5)
        await asyncio.gather(consumer.stop(), consumer.stop())
        await running
        assert len(slow.done) == 5
        assert rig.committed == {0: 5}

    @pytest.mark.parametrize("trouble", ["none", "hangs", "down"])
    async def test_stop_ends_in_time_whatever_the_handlers_and_the_log_do(
        self, trouble: str
    ) -> None:
        rig = StreamRig()

        async def stubborn(record: Record) -> Outcome:  # noqa: ARG001 - a handler's signature
            while True:
                try:
                    await asyncio.sleep(1_000)
                except asyncio.CancelledError:
                    if rig.clock.monotonic() > 500:
                        raise

        await rig.feed(("k", "1"))
        consumer = rig.member(One(stubborn), options=StreamOptions(handler_timeout=2_000.0))
        running = asyncio.create_task(consumer.run())
        await rig.until(lambda: consumer.health().oldest_handler)
        if trouble == "hangs":
            rig.server.pause()
        elif trouble == "down":
            rig.server.down()
        began = rig.clock.monotonic()
        await consumer.stop()
        await running
        assert rig.clock.monotonic() - began <= 45.0
        assert rig.committed == {0: None}
        await end_stubborn_tasks(rig)

    async def test_stop_before_the_start_is_harmless(self) -> None:
        rig = StreamRig()
        consumer = rig.member(One(Slow(0.0)))
        await consumer.stop()
        await consumer.run()
        assert consumer.health().is_stopping

    async def test_no_task_is_left(self) -> None:
        rig = StreamRig(partitions=3)
        before = asyncio.all_tasks()
        async with rig.running(One(Slow(0.5))):
            await rig.feed(*((f"k{n}", f"{n}") for n in range(50)))
            await asyncio.sleep(1)
        assert asyncio.all_tasks() == before


async def end_stubborn_tasks(rig: StreamRig) -> None:
    """What refused its cancellation is let go, so that the test leaves nothing behind."""
    await asyncio.sleep(max(0.0, 501 - rig.clock.monotonic()))
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait(others) if others else None


class Chatty(MemoryLog):
    """A client whose poll comes back with records in the middle of a rebalance."""

    @override
    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        await asyncio.sleep(1)
        return self._read(room)


async def test_what_is_read_while_its_partition_goes_is_left_to_the_next_owner() -> None:
    rig, slow, heir = StreamRig(partitions=2), Slow(6.0), Slow(0.0)
    rig.place(0, "a", "a1")
    rig.place(1, "b", "b1")
    async with rig.running(One(slow), log=Chatty(rig.server)) as first:
        await rig.until(lambda: len(slow.started) == 2)
        async with rig.running(One(heir)):
            await asyncio.sleep(0.1)
            rig.place(0, "c", "a2")
            rig.place(1, "d", "b2")
            await rig.until(lambda: rig.committed == {0: 2, 1: 2})
        assert first._lanes.records == 0
    assert sorted([*slow.done, *heir.done]) == [b"a1", b"a2", b"b1", b"b2"]


class Deaf(MemoryLog):
    """A client that has stopped receiving, without an error."""

    @override
    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        await super().poll({}, wait)
        return {}


class Stuck(MemoryLog):
    """A client whose poll does not come back."""

    @override
    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        await asyncio.sleep(1_000_000)
        return {}


class Gone(MemoryLog):
    """A client whose membership ends for good after a while."""

    @override
    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        if self._server.clock.monotonic() > 20:
            raise Unreachable("the session is over")
        return await super().poll(room, wait)


class SelfCancelling(MemoryLog):
    """A client that cancels its own waits when it breaks, as asyncio libraries do."""

    @override
    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        raise asyncio.CancelledError


class Refused(MemoryLog):
    """A client that the log does not let in."""

    @override
    async def start(self, topics: Collection[str], group: str, listener: object) -> None:
        raise Unreachable("wrong credentials")


class TestSupervisor:
    @staticmethod
    def supervisor(
        rig: StreamRig, handler: Slow, *clients: type[MemoryLog]
    ) -> tuple[Supervisor, list[MemoryLog]]:
        """Its first clients are of these types, the later ones are sound."""
        made: list[MemoryLog] = []
        types = iter(clients)

        def make_log() -> MemoryLog:
            made.append(next(types, MemoryLog)(rig.server))
            return made[-1]

        supervisor = Supervisor(
            make_log=make_log,
            subscription=rig.subscription(One(handler)),
            environment=rig.environment(),
        )
        return supervisor, made

    @pytest.mark.parametrize(
        ("client", "error"),
        [
            (Deaf, Stalled),
            (Stuck, Stalled),
            (Gone, Unreachable),
            (Refused, Unreachable),
            (SelfCancelling, Unreachable),
        ],
    )
    async def test_a_client_that_fails_is_replaced_and_nothing_is_lost(
        self, client: type[MemoryLog], error: type[Exception]
    ) -> None:
        rig, handler = StreamRig(), Slow(0.1)
        supervisor, made = self.supervisor(rig, handler, client)
        running = asyncio.create_task(supervisor.run())
        await rig.feed(("k", "1"), ("k", "2"))
        await asyncio.sleep(30)
        await rig.feed(("k", "3"))
        await rig.until(lambda: rig.committed == {0: 3}, within=300)
        assert len(made) == 2
        assert isinstance(rig.observer.errors[0], error)
        await supervisor.stop()
        await running
        assert set(handler.done) == {b"1", b"2", b"3"}

    async def test_a_log_that_is_away_is_waited_for(self) -> None:
        rig, handler = StreamRig(), Slow(0.0)
        rig.server.down()
        supervisor, _ = self.supervisor(rig, handler)
        running = asyncio.create_task(supervisor.run())
        await asyncio.sleep(120)
        rig.server.up()
        await rig.feed(("k", "1"))
        await rig.until(lambda: handler.done, within=40)
        assert 5 <= rig.observer.counts["rebuilt"] <= 40
        await supervisor.stop()
        await running

    async def test_a_client_that_keeps_what_the_log_has_taken_away_is_replaced(self) -> None:
        rig, handler = StreamRig(), Slow(0.1)
        rig.server.commit_faults.append(CommitFault.FENCED)
        supervisor, made = self.supervisor(rig, handler)
        running = asyncio.create_task(supervisor.run())
        await rig.feed(("k", "1"))
        await rig.until(lambda: rig.committed == {0: 1}, within=120)
        assert len(made) == 2
        assert isinstance(rig.observer.errors[0], Stalled)
        await supervisor.stop()
        await running

    async def test_it_stops_while_it_waits_to_build_another(self) -> None:
        rig, handler = StreamRig(), Slow(0.0)
        rig.server.down()
        supervisor, made = self.supervisor(rig, handler)
        running = asyncio.create_task(supervisor.run())
        await asyncio.sleep(60)
        await supervisor.stop()
        count = len(made)
        await running
        assert len(made) == count

    async def test_offsets_that_are_no_records_cost_one_rebuild_and_no_more(self) -> None:
        """A partition that ends in transaction markers never gives what its end promises."""
        rig, handler = StreamRig(), Slow(0.0)

        class Marked(MemoryServer):
            @override
            def read(self, partition: Partition, start: int, limit: int) -> list[Record]:
                return [r for r in super().read(partition, start, limit) if r.value != b"marker"]

        rig.server.__class__ = Marked
        supervisor, made = self.supervisor(rig, handler)
        running = asyncio.create_task(supervisor.run())
        await rig.feed(("k", "1"), ("k", "marker"))
        await asyncio.sleep(1_000)
        assert len(made) == 2
        await rig.feed(("k", "2"))
        await rig.until(lambda: set(handler.done) == {b"1", b"2"})
        await supervisor.stop()
        await running


class TestHealth:
    async def test_health_tells_of_membership_work_and_stopping(self) -> None:
        rig, slow = StreamRig(partitions=2), Slow(5.0)
        consumer = rig.member(One(slow))
        assert not consumer.health().has_joined
        running = asyncio.create_task(consumer.run())
        await rig.feed(("k", "1"))
        await rig.until(lambda: slow.started)
        await asyncio.sleep(1)
        health = consumer.health()
        assert health.has_joined
        assert health.assigned == {Partition(TOPIC, 0), Partition(TOPIC, 1)}
        assert health.oldest_handler == pytest.approx(1.0, abs=0.2)
        assert health.poll_age < 1
        assert health.rebalancing is None
        stopping = asyncio.create_task(consumer.stop())
        await asyncio.sleep(1)
        assert consumer.health().is_stopping
        await stopping
        await running
