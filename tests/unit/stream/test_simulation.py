"""Whole runs over the memory log, on simulated time: seeded delays, rebalances and faults.

Everything that goes wrong in a run is drawn from its seed, so a seed that fails is replayed exactly.
What is found becomes a test of its own beside these.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from responder.engagement.errors import Malformed, Unavailable
from responder.stream.handler import DONE, Batch, Handler, One, Outcome
from responder.stream.log import Partition, Record
from responder.stream.options import StreamOptions
from responder.stream.supervisor import Supervisor
from responder.testing.clock import run
from responder.testing.log import CommitFault, MemoryLog, Timing
from responder.testing.stream import StreamRig

PARTITIONS = 4
RECORDS = 300
KEYS = 25
STOP_SECONDS = 10.0
OPTIONS = StreamOptions(
    concurrency=8,
    buffer_records=160,
    window_records=80,
    handler_timeout=3.0,
    drain_timeout=2.0,
    cancel_grace=0.5,
    commit_timeout=1.0,
    retry_max=50,
    stuck_after=20.0,
)


@dataclass
class Inbox:
    """What the handlers of all members do together; absorbs repetitions as the real one does.

    It breaks when a key is handled twice at once within one epoch, or out of order.
    """

    rig: StreamRig
    chance: Random
    firsts: dict[bytes, list[int]] = field(default_factory=lambda: defaultdict(list))
    done: set[tuple[Partition, int]] = field(default_factory=set)
    malformed: set[tuple[Partition, int]] = field(default_factory=set)
    running: Counter[tuple[str, bytes]] = field(default_factory=Counter)

    def one(self, member: str) -> One:
        async def handle(record: Record) -> Outcome:
            with self.watched(member, [record]):
                await self.work()
                self.may_fail(record)
                self.settle(record)
            return DONE

        return One(handle)

    def batch(self, member: str) -> Batch:
        async def handle(records: Sequence[Record]) -> Sequence[Outcome]:
            with self.watched(member, records):
                await self.work()
                for record in records:
                    self.may_fail(record)
                for record in records:
                    self.settle(record)
            return [DONE] * len(records)

        return Batch(handle, size=10, order=self.chance.choice(["key", "distinct"]))

    def watched(self, member: str, records: Sequence[Record]) -> "_Watched":
        return _Watched(self, [(member, record.key or b"") for record in records])

    async def work(self) -> None:
        await asyncio.sleep(self.chance.choice([0, 0, 0.01, 0.1, 0.5, self.chance.uniform(0, 4)]))

    def may_fail(self, record: Record) -> None:
        if (record.partition, record.offset) in self.malformed:
            raise Malformed(what="the event", why="drawn so")
        if self.chance.random() < 0.05:
            raise self.chance.choice(
                [Unavailable(what="the ledger", why="drawn so"), ZeroDivisionError()]
            )

    def settle(self, record: Record) -> None:
        if (record.partition, record.offset) not in self.done:
            self.done.add((record.partition, record.offset))
            self.firsts[record.key or b""].append(record.offset)


@dataclass
class _Watched:
    inbox: Inbox
    keys: list[tuple[str, bytes]]

    def __enter__(self) -> None:
        distinct = set(self.keys)
        assert not any(self.inbox.running[key] for key in distinct), "a key twice at once"
        self.inbox.running.update(distinct)

    def __exit__(self, *_: object) -> None:
        self.inbox.running.subtract(set(self.keys))


class World:
    """Members that come, go, freeze and are put out, over a log that now and then refuses."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 - repeatable chance, no secret
        timing = Timing(session=6.0, rebalance=8.0, notice=self.chance.uniform(0.0, 2.0))
        timing.answer = self.chance.choice([0.0, 0.05, 0.4])
        self.rig = StreamRig(PARTITIONS, timing=timing, seed=seed)
        self.inbox = Inbox(self.rig, self.chance)
        self.logs: dict[int, MemoryLog] = {}
        self.members: dict[int, tuple[Supervisor, asyncio.Task[None]]] = {}
        self.names = 0
        self.is_batched = self.chance.random() < 0.5

    def join(self) -> None:
        self.names += 1
        name = self.names

        def make_log() -> MemoryLog:
            self.logs[name] = self.rig.server.consumer()
            return self.logs[name]

        handler: Handler = (self.inbox.batch if self.is_batched else self.inbox.one)(str(name))
        supervisor = Supervisor(
            make_log=make_log,
            subscription=self.rig.subscription(handler),
            environment=self.rig.environment(OPTIONS),
        )
        self.members[name] = (supervisor, asyncio.create_task(supervisor.run()))

    async def leave(self, name: int) -> None:
        supervisor, running = self.members.pop(name)
        began = self.rig.clock.monotonic()
        if name in self.logs:
            self.logs[name].thaw()
        await supervisor.stop()
        await running
        assert self.rig.clock.monotonic() - began <= STOP_SECONDS

    async def trouble(self) -> None:
        """One thing that happens in a cluster."""
        name = self.chance.choice(list(self.members))
        log = self.logs.get(name)
        happening = self.chance.choice(
            ["join", "leave", "evict", "freeze", "thaw", "commit", "hang"]
        )
        if happening == "join" and len(self.members) < 4:
            self.join()
        elif happening == "leave" and len(self.members) > 1:
            await self.leave(name)
        elif happening == "commit":
            self.rig.server.commit_faults.append(self.chance.choice([None, *CommitFault]))
        elif happening == "hang":
            self.rig.server.pause()
            await asyncio.sleep(self.chance.uniform(0, 3))
            self.rig.server.resume()
        elif log is not None and self.members[name][0].health() is not None:
            {"evict": log.evict, "freeze": log.freeze}.get(happening, log.thaw)()

    async def feed(self) -> None:
        for n in range(RECORDS):
            partition = Partition("topic", n % PARTITIONS)
            if self.chance.random() < 0.02:
                self.inbox.malformed.add((partition, len(self.rig.server.records[partition])))
            key = f"{partition.number}-{self.chance.randrange(KEYS)}"
            self.rig.place(partition.number, key, f"{n}")
            if n % 10 == 0:
                await asyncio.sleep(self.chance.uniform(0, 1))

    async def watch_commits(self) -> None:
        """No commit point ever passes what has not come to its end."""
        checked: Counter[int] = Counter()
        while True:
            settled = self.settled()
            for number, point in self.rig.committed.items():
                for offset in range(checked[number], point or 0):
                    assert (number, offset) in settled, "committed past an unfinished one"
                checked[number] = max(checked[number], point or 0)
            self.buffers_are_bounded()
            await asyncio.sleep(0.5)

    def settled(self) -> set[tuple[int, int]]:
        buried = [(b.record.partition, b.record.offset) for b in self.rig.dead_letters.buried]
        return {(partition.number, offset) for partition, offset in [*self.inbox.done, *buried]}

    def buffers_are_bounded(self) -> None:
        for gauges in filter(None, [self.rig.observer.last]):
            assert gauges.buffered_records <= OPTIONS.buffer_records
            assert all(span <= OPTIONS.window_records for span in gauges.spans.values())

    def is_at_rest(self) -> bool:
        ends = {p.number: len(r) for p, r in self.rig.server.records.items()}
        return self.rig.committed == ends

    async def run(self) -> None:
        watching = asyncio.create_task(self.watch_commits())
        for _ in range(self.chance.randint(1, 3)):
            self.join()
        feeding = asyncio.create_task(self.feed())
        for _ in range(12):
            await asyncio.sleep(self.chance.uniform(0, 4))
            await self.trouble()
        await feeding
        self.rig.server.commit_faults.clear()
        for log in self.logs.values():
            log.thaw()
        await self.rig.until(lambda: watching.done() or self.is_at_rest(), within=600)
        for name in list(self.members):
            await self.leave(name)
        watching.cancel()
        await asyncio.wait([watching])
        if not watching.cancelled():
            watching.result()

    def check(self) -> None:
        buried = [(b.record.partition, b.record.offset) for b in self.rig.dead_letters.buried]
        everything = {(p, r.offset) for p, rs in self.rig.server.records.items() for r in rs}
        assert self.inbox.done | set(buried) == everything, "lost"
        assert set(buried) == self.inbox.malformed, "buried for no fault of its own"
        for key, offsets in self.inbox.firsts.items():
            assert offsets == sorted(offsets), f"{key!r} out of order"


@pytest.mark.parametrize("first", range(0, 100, 20))
@pytest.mark.promise(3)
def test_nothing_is_lost_or_out_of_order_whatever_the_cluster_does(first: int) -> None:
    for seed in range(first, first + 20):
        world = World(seed)
        try:
            run(world.run())
            world.check()
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
