"""Batch handlers: what comes together, and what becomes of it when the call fails."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import pytest

from responder.engagement.errors import Malformed, Unavailable
from responder.stream.handler import DONE, Batch, Outcome, Retry
from responder.stream.log import Record
from responder.stream.options import StreamOptions
from responder.testing.stream import StreamRig


class Transaction:
    """A batch handler that does all or nothing, as a database transaction does."""

    def __init__(self, *poison: bytes, seconds: float = 0.0) -> None:
        self.poison = set(poison)
        self.seconds = seconds
        self.calls: list[list[bytes]] = []
        self.done: list[bytes] = []
        self.by_key: dict[bytes | None, list[bytes]] = defaultdict(list)

    async def __call__(self, records: Sequence[Record]) -> Sequence[Outcome]:
        self.calls.append([record.value for record in records])
        await asyncio.sleep(self.seconds)
        for record in records:
            if record.value in self.poison:
                raise ValueError(f"{record.value!r} breaks a constraint")
        for record in records:
            self.by_key[record.key].append(record.value)
            self.done.append(record.value)
        return [DONE] * len(records)


async def test_records_of_many_keys_and_partitions_come_in_one_call() -> None:
    rig, handler = StreamRig(partitions=3), Transaction()
    await rig.feed(*((f"k{n % 20}", f"{n:03}") for n in range(100)))
    async with rig.running(Batch(handler, size=100, linger_seconds=0.5)):
        await rig.until(lambda: len(handler.done) == 100)
    assert len(handler.calls) == 1
    assert all(values == sorted(values) for values in handler.by_key.values())


async def test_distinct_keys_never_come_twice_in_one_call() -> None:
    rig, handler = StreamRig(), Transaction(seconds=0.1)
    await rig.feed(*((f"k{n % 5}", f"k{n % 5} {n:03}") for n in range(50)))
    async with rig.running(Batch(handler, size=20, order="distinct")):
        await rig.until(lambda: len(handler.done) == 50)
    for call in handler.calls:
        keys = [value.split()[0] for value in call]
        assert len(keys) == len(set(keys))


async def test_a_lonely_record_waits_no_longer_than_the_linger() -> None:
    rig, handler = StreamRig(), Transaction()
    async with rig.running(Batch(handler, size=100, linger_seconds=2.0)):
        await asyncio.sleep(1)
        await rig.feed(("k", "1"))
        began = rig.clock.monotonic()
        await rig.until(lambda: handler.done)
        assert 2.0 <= rig.clock.monotonic() - began <= 2.3


async def test_a_trickle_is_gathered_by_one_worker_and_not_shared_out() -> None:
    rig, handler = StreamRig(), Transaction()
    async with rig.running(Batch(handler, linger_seconds=1.0)):
        await asyncio.sleep(1)  # until all workers rest
        for n in range(200):
            await rig.feed((f"k{n}", f"{n}"))
            await asyncio.sleep(0.01)
        await rig.until(lambda: len(handler.done) == 200)
    assert len(handler.calls) <= 3


async def test_a_full_batch_does_not_linger() -> None:
    rig, handler = StreamRig(), Transaction()
    await rig.feed(*((f"k{n}", f"{n}") for n in range(50)))
    async with rig.running(Batch(handler, size=10, linger_seconds=5.0)):
        await rig.until(lambda: len(handler.done) == 50, within=1)


async def test_one_poisonous_record_is_found_by_halving_and_harms_nobody_else() -> None:
    rig, handler = StreamRig(), Transaction(b"77")
    await rig.feed(*((f"k{n}", f"{n}") for n in range(128)))
    batch = Batch(handler, size=128, linger_seconds=0.5)
    async with rig.running(batch, options=StreamOptions(concurrency=1, retry_max=3)):
        await rig.until(lambda: rig.committed == {0: 128})
    assert rig.dead_letters.values == [b"77"]
    assert rig.dead_letters.buried[0].attempts == 3
    assert sorted(handler.done) == sorted(str(n).encode() for n in range(128) if n != 77)
    assert len(handler.calls) == 2 * 7 + 1 + 2


async def test_a_cancellation_that_nobody_asked_for_is_an_error_of_the_call() -> None:
    rig, handler = StreamRig(), Transaction()

    async def handle(records: Sequence[Record]) -> Sequence[Outcome]:
        if b"stray" in {record.value for record in records}:
            raise asyncio.CancelledError
        return await handler(records)

    await rig.feed(*((f"k{n}", f"{n}") for n in range(9)), ("k", "stray"))
    async with rig.running(Batch(handle, size=10)) as consumer:
        await rig.until(lambda: rig.committed == {0: 10})
        assert not consumer.health().is_stopping
    assert sorted(handler.done) == [b"%d" % n for n in range(9)]
    assert rig.dead_letters.values == [b"stray"]


async def test_what_follows_a_poisonous_record_of_its_key_waits_for_its_end() -> None:
    rig, handler = StreamRig(), Transaction(b"03")
    await rig.feed(*((f"k{n % 2}", f"{n:02}") for n in range(12)))
    async with rig.running(Batch(handler, size=12, linger_seconds=0.5)):
        await rig.until(lambda: rig.committed == {0: 12})
    order = [*handler.by_key[b"k1"]]
    assert order == [b"01", b"05", b"07", b"09", b"11"]
    assert rig.dead_letters.values == [b"03"]
    buried_at = rig.dead_letters.buried[0].last_failed_at
    assert buried_at > rig.dead_letters.buried[0].first_failed_at


async def test_a_dependency_that_is_away_does_not_split_the_batch() -> None:
    rig, handler = StreamRig(), Transaction()
    calls = []

    async def handle(records: Sequence[Record]) -> Sequence[Outcome]:
        calls.append(len(records))
        if len(calls) == 1:
            raise Unavailable(what="the ledger", why="it restarts")
        return await handler(records)

    await rig.feed(*((f"k{n}", f"{n}") for n in range(64)))
    async with rig.running(Batch(handle, size=64, linger_seconds=0.5)):
        await rig.until(lambda: len(handler.done) == 64)
    assert calls[0] == 64
    assert rig.observer.counts["retried unavailable"] == 64
    assert not rig.dead_letters.buried


async def test_each_record_gets_the_outcome_that_was_said_of_it() -> None:
    rig = StreamRig()
    seen: dict[bytes, int] = defaultdict(int)

    async def handle(records: Sequence[Record]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for record in records:
            seen[record.value] += 1
            is_first = seen[record.value] == 1
            outcomes.append(Retry("later") if record.value == b"2" and is_first else DONE)
        return outcomes

    await rig.feed(*(("k", f"{n}") for n in range(5)))
    async with rig.running(Batch(handle, size=5, linger_seconds=0.5)):
        await rig.until(lambda: rig.committed == {0: 5})
    assert seen == {b"0": 1, b"1": 1, b"2": 2, b"3": 2, b"4": 2}


async def test_a_malformed_record_in_a_batch_is_buried_alone() -> None:
    rig, handler = StreamRig(), Transaction()

    async def handle(records: Sequence[Record]) -> Sequence[Outcome]:
        if any(record.value == b"3" for record in records):
            raise Malformed(what="the event", why="no text")
        return await handler(records)

    await rig.feed(*((f"k{n}", f"{n}") for n in range(8)))
    async with rig.running(Batch(handle, size=8, linger_seconds=0.5)):
        await rig.until(lambda: rig.committed == {0: 8})
    assert [(b.record.value, b.reason) for b in rig.dead_letters.buried] == [(b"3", "malformed")]
    assert len(handler.done) == 7


async def test_too_few_outcomes_are_an_error_and_commit_nothing() -> None:
    rig = StreamRig()

    async def handle(records: Sequence[Record]) -> Sequence[Outcome]:  # noqa: ARG001
        return []

    await rig.feed(("k", "1"))
    async with rig.running(Batch(handle), options=StreamOptions(retry_max=2)):
        await rig.until(lambda: rig.dead_letters.buried)
    assert rig.dead_letters.buried[0].detail == "WrongCount: 0 outcomes for 1 records"


async def test_a_batch_beyond_its_time_is_halved_until_the_slow_record_stands_alone() -> None:
    rig, handler = StreamRig(), Transaction()

    async def handle(records: Sequence[Record]) -> Sequence[Outcome]:
        if any(record.value == b"3" for record in records):
            await asyncio.sleep(1_000)
        return await handler(records)

    await rig.feed(*((f"k{n}", f"{n}") for n in range(8)))
    options = StreamOptions(handler_timeout=2.0, retry_max=2)
    async with rig.running(Batch(handle, size=8, linger_seconds=0.5), options=options):
        await rig.until(lambda: rig.committed == {0: 8})
    assert rig.dead_letters.values == [b"3"]
    assert len(handler.done) == 7


async def test_a_batch_that_is_cut_by_a_revoke_is_left_to_the_next_owner() -> None:
    rig, slow, heir = StreamRig(partitions=2), Transaction(seconds=600.0), Transaction()
    for n in range(10):
        rig.place(n % 2, f"k{n}", f"{n}")
    options = StreamOptions(handler_timeout=700.0, drain_timeout=2.0)
    async with rig.running(Batch(slow, size=10), options=options) as first:
        await rig.until(lambda: slow.calls)
        slow.seconds = 0.0
        async with rig.running(Batch(heir, size=10), options=options):
            await rig.until(lambda: rig.committed == {0: 5, 1: 5})
        assert first._lanes.records == 0
    assert sorted([*slow.done, *heir.done]) == sorted(str(n).encode() for n in range(10))


@pytest.mark.parametrize("order", ["key", "distinct"])
async def test_a_hot_thread_is_handled_in_order_and_others_go_on(order: str) -> None:
    rig, handler = StreamRig(), Transaction(seconds=0.05)
    await rig.feed(*(("hot", f"hot {n:04}") for n in range(500)))
    await rig.feed(*((f"k{n}", f"other {n}") for n in range(20)))
    batch = Batch(handler, size=50, order="key" if order == "key" else "distinct")
    async with rig.running(batch):
        await rig.until(lambda: sum(v.startswith(b"other") for v in handler.done) == 20, within=2)
        await rig.until(lambda: len(handler.done) == 520)
    hot = handler.by_key[b"hot"]
    assert all(before < after for before, after in pairwise(hot))
