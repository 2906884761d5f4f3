"""The contract of the log port: what is written, and what is read."""

import asyncio
from collections import Counter
from itertools import count

import pytest

from responder.stream.log import (
    Assignment,
    NewRecord,
    Partition,
    Rejected,
    TopicClosed,
    Unknown,
    Unreachable,
)
from responder.stream.partitioning import partition_for
from responder.testing.contracts.log_bench import (
    LONG_SECONDS,
    Bench,
    LogCase,
    append,
    append_whatever_happens,
    numbered,
)
from responder.testing.contracts.log_harness import LocalMember, Power

HEADERS = (("ce_id", b"1"), ("trace", b"\x00\xff"), ("ce_id", b"2"), ("empty", b""))


class WritingContract(LogCase):
    """W1-W5: what an acknowledged append means."""

    async def test_w1_an_acknowledged_append_survives_a_kill_of_the_log(self, bench: Bench) -> None:
        bench.need(Power.KILL_SERVER)
        topic = await bench.harness.topic(1)
        writer = await bench.writer()
        await append(writer, topic, numbered("r", 20))
        await bench.harness.kill_server()
        await bench.harness.start_server()
        reader = await bench.alone(topic)
        await bench.has(reader, 20)

    async def test_w1_an_acknowledged_append_survives_a_kill_of_its_writer(
        self, bench: Bench
    ) -> None:
        bench.need(Power.KILL_WRITER)
        topic = await bench.harness.topic(1)
        process = await bench.harness.outside_writer(topic)
        await bench.until(lambda: len(process.acknowledged) >= 20, what="20 appends acknowledged")
        await process.kill()
        reader = await bench.alone(topic)
        await bench.until(
            lambda: set(process.acknowledged) <= set(reader.values), what="all of them read"
        )

    async def test_w2_a_key_keeps_its_partition_and_its_order_beside_other_writers(
        self, bench: Bench
    ) -> None:
        topic = await bench.harness.topic(4)
        keys = [f"thread-{n}".encode() for n in range(6)]

        async def write(key: bytes) -> None:
            writer = await bench.writer()
            for value in numbered(key.decode(), 20):
                await append(writer, topic, [value], key)

        await asyncio.gather(*(write(key) for key in keys))
        reader = await bench.member(topic)
        await bench.has(reader, 120)
        for key in keys:
            mine = [(a.partition, r.value) for a, r in reader.delivered if r.key == key]
            assert [value for _, value in mine] == numbered(key.decode(), 20)
            assert len({partition for partition, _ in mine}) == 1

    async def test_w3_a_tailing_reader_skips_no_offset_under_many_writers(
        self, bench: Bench
    ) -> None:
        topic = await bench.harness.topic(1)
        reader = await bench.alone(topic)

        async def write(name: str) -> None:
            writer = await bench.writer()
            for n in range(20):
                await append(writer, topic, numbered(f"{name}-{n}", 1 + n % 4), name.encode())

        await asyncio.gather(*(write(f"w{n}") for n in range(6)))
        await bench.has(reader, 6 * 50)
        offsets = [r.offset for _, r in reader.delivered]
        assert len(reader.values) == 6 * 50
        assert offsets == sorted(set(offsets))

    async def test_w4_an_append_without_an_answer_is_unknown(self, bench: Bench) -> None:
        bench.need(Power.PAUSE_SERVER)
        topic = await bench.harness.topic(1)
        writer = await bench.writer()
        await append(writer, topic, [b"before"])
        await bench.harness.pause_server()
        try:
            async with asyncio.timeout(bench.limits.append + bench.limits.slack):
                with pytest.raises(Unknown):
                    await append(writer, topic, [b"in doubt"])
        finally:
            await bench.harness.resume_server()
        await append_whatever_happens(writer, NewRecord(topic, b"k", b"after"))
        reader = await bench.alone(topic)
        await bench.until(lambda: b"after" in reader.values, what="the append after the pause")
        assert set(reader.values) - {b"in doubt"} == {b"before", b"after"}

    async def test_w4_a_refused_append_is_never_there(self, bench: Bench) -> None:
        topic = await bench.harness.topic(1)
        writer = await bench.writer()
        with pytest.raises(Rejected):
            await append(writer, topic, [b"x" * (bench.harness.max_record_bytes + 1)])
        with pytest.raises(TopicClosed) as closed:
            await append(writer, f"{topic}-that-does-not-exist", [b"lost"])
        assert closed.value.topic == f"{topic}-that-does-not-exist"
        await append(writer, topic, [b"fine"])
        reader = await bench.alone(topic)
        await bench.has(reader, 1)
        assert reader.values == [b"fine"]

    async def test_w5_every_shape_of_record_comes_back_as_it_went(self, bench: Bench) -> None:
        topic = await bench.harness.topic(1)
        writer = await bench.writer()
        went = [
            NewRecord(topic, None, b"no key"),
            NewRecord(topic, b"empty", b""),
            NewRecord(topic, b"\x00\xff", bytes(range(256)), HEADERS),
            NewRecord(topic, b"large", b"x" * 900_000),
            NewRecord(topic, "schlüssel".encode(), "größe".encode()),
        ]
        positions = [position for r in went for position in await writer.append([r])]
        reader = await bench.alone(topic)
        await bench.has(reader, len(went))
        came = [NewRecord(topic, r.key, r.value, r.headers) for _, r in reader.delivered]
        assert came == went
        assert {p.partition for p in positions} == {Partition(topic, 0)}
        assert all(r.appended_at.tzinfo is not None for _, r in reader.delivered)

    async def test_w5_a_writer_outlives_an_outage_without_being_rebuilt(self, bench: Bench) -> None:
        bench.need(Power.STOP_SERVER)
        topic = await bench.harness.topic(1)
        writer = await bench.writer()
        await append(writer, topic, [b"before"])
        await bench.harness.stop_server()
        async with asyncio.timeout(bench.limits.append + bench.limits.slack):
            with pytest.raises((Unknown, Unreachable)):
                await append(writer, topic, [b"during"])
        await bench.harness.start_server()
        async with asyncio.timeout(LONG_SECONDS):
            await append_whatever_happens(writer, NewRecord(topic, b"k", b"after"))


class ReadingContract(LogCase):
    """R1-R4 and P1: what `poll` gives, and when."""

    async def test_r1_a_new_group_starts_at_the_earliest_record(self, bench: Bench) -> None:
        topic = await bench.harness.topic(1)
        await append(await bench.writer(), topic, numbered("r", 5))
        reader = await bench.alone(topic)
        await bench.has(reader, 5)
        assert reader.values == numbered("r", 5)

    async def test_r1_an_old_group_starts_exactly_at_its_commit(self, bench: Bench) -> None:
        topic = await bench.harness.topic(1)
        await append(await bench.writer(), topic, numbered("r", 5))
        first = await bench.alone(topic)
        await bench.has(first, 5)
        (assignment,) = first.owned
        await first.log.commit({assignment: first.delivered[3][1].offset})
        await first.stop()
        second = await bench.alone(topic)
        await bench.has(second, 2)
        assert second.values == numbered("r", 5)[3:]

    async def test_r2_room_is_never_exceeded_and_zero_gives_nothing(self, bench: Bench) -> None:
        topic = await bench.harness.topic(2)
        writer = await bench.writer()
        for n in range(40):
            await append(writer, topic, [b"%d" % n], key=b"%d" % n)
        member = LocalMember(bench.harness.log(), full={Partition(topic, 0), Partition(topic, 1)})
        await bench.member(topic, member=member)
        await bench.owns(member, 2)
        shut, open_ = sorted(member.owned, key=lambda a: a.partition.number)
        await member.pause_polling()
        read = 0
        while read < await member.log.end(open_.partition):
            batch = await self._read(member, {shut: 0, open_: 3})
            assert set(batch) == {open_}
            assert len(batch[open_]) <= 3
            read += len(batch[open_])

    async def test_r2_a_partition_without_room_does_not_slow_the_others(self, bench: Bench) -> None:
        """However much of it is unread: a poll that waits for another ends with its record."""
        topic = await bench.harness.topic(2)
        writer = await bench.writer()
        shut_key, open_key = _keys_of_each(2)
        for key in (shut_key, open_key):
            await append(writer, topic, numbered("old", 20), key=key)
        member = LocalMember(bench.harness.log(), full={Partition(topic, 0), Partition(topic, 1)})
        await bench.member(topic, member=member)
        await bench.owns(member, 2)
        await member.pause_polling()
        shut, open_ = sorted(member.owned, key=lambda a: a.partition.number)
        room = {shut: 0, open_: 100}
        read = 0
        while read < 20:
            read += len((await self._read(member, room))[open_])
        for value in numbered("new", 5):
            waiting = asyncio.create_task(self._read(member, room, wait=LONG_SECONDS))
            await asyncio.sleep(0.05)
            await append(writer, topic, [value], key=open_key)
            async with asyncio.timeout(LONG_SECONDS / 2):
                assert await waiting == {open_: [value]}

    @staticmethod
    async def _read(
        member: LocalMember, room: dict[Assignment, int], *, wait: float = 0.1
    ) -> dict[Assignment, list[bytes]]:
        """Poll by hand until something comes, the member's own loop being ended."""
        async with asyncio.timeout(LONG_SECONDS):
            while True:
                batch = await member.log.poll(room, wait)
                if got := {
                    a: [r.value for r in records] for a, records in batch.items() if records
                }:
                    return got
                await asyncio.sleep(0)

    async def test_r2_loaded_partitions_are_served_fairly(self, bench: Bench) -> None:
        topic = await bench.harness.topic(6)
        writer = await bench.writer()
        keys = _keys_of_each(6)
        for round_ in range(5):
            values = numbered(f"round-{round_}", 200)
            await writer.append([NewRecord(topic, k, v) for k in keys for v in values])
        member = LocalMember(bench.harness.log(), room=100)
        await bench.member(topic, member=member)
        await bench.until(lambda: len(member.delivered) == 6_000, what="all 6 000 read")
        assert set(Counter(a.partition for a, _ in member.delivered).values()) == {1_000}
        first = Counter(a.partition for a, _ in member.delivered[:600])
        assert len(first) == 6
        assert min(first.values()) >= 50

    async def test_r3_an_idle_poll_comes_back(self, bench: Bench) -> None:
        member = await self._idle_member(bench)
        async with asyncio.timeout(bench.limits.slack):
            assert not any((await member.log.poll(dict.fromkeys(member.owned, 10), 0.1)).values())

    async def test_r3_a_waiting_poll_ends_with_a_new_record(self, bench: Bench) -> None:
        member = await self._idle_member(bench)
        (assignment,) = member.owned
        writer = await bench.writer()
        waiting = asyncio.create_task(self._patient_poll(member))
        await asyncio.sleep(0.1)
        await append(writer, assignment.partition.topic, [b"new"])
        async with asyncio.timeout(LONG_SECONDS / 2):
            assert await waiting == [b"new"]

    async def test_r3_a_waiting_poll_ends_with_wake(self, bench: Bench) -> None:
        member = await self._idle_member(bench)
        waiting = asyncio.create_task(self._poll_values(member, wait=LONG_SECONDS))
        await asyncio.sleep(0.1)
        member.log.wake()
        async with asyncio.timeout(LONG_SECONDS / 2):
            assert await waiting == []

    async def _idle_member(self, bench: Bench) -> LocalMember:
        topic = await bench.harness.topic(1)
        member = await bench.alone(topic)
        await member.pause_polling()
        return member

    @staticmethod
    async def _poll_values(member: LocalMember, wait: float) -> list[bytes]:
        batch = await member.log.poll(dict.fromkeys(member.owned, 10), wait)
        return [r.value for records in batch.values() for r in records]

    async def _patient_poll(self, member: LocalMember) -> list[bytes]:
        while True:
            if values := await self._poll_values(member, wait=LONG_SECONDS):
                return values

    async def test_r4_a_partition_that_was_full_for_long_goes_on_where_it_stood(
        self, bench: Bench
    ) -> None:
        topic = await bench.harness.topic(1)
        writer = await bench.writer()
        await append(writer, topic, numbered("r", 50))
        member = LocalMember(bench.harness.log(), room=10)
        await bench.member(topic, member=member)
        await bench.has(member, 10)
        member.full.add(Partition(topic, 0))
        await asyncio.sleep(bench.limits.pause_after * 1.5)
        await append(writer, topic, numbered("s", 10))
        member.full.clear()
        await bench.has(member, 60)
        assert member.values == numbered("r", 50) + numbered("s", 10)
        assert len(member.ever_owned) == 1

    async def test_r4_a_member_without_any_room_stays_a_member(self, bench: Bench) -> None:
        topic = await bench.harness.topic(1)
        await append(await bench.writer(), topic, numbered("r", 5))
        member = await bench.alone(topic)
        await bench.has(member, 5)
        member.full.add(Partition(topic, 0))
        await asyncio.sleep(bench.limits.poll_limit * 2)
        assert await member.commit() is None
        assert len(member.ever_owned) == 1

    async def test_p1_an_unreadable_record_stops_its_partition_only(self, bench: Bench) -> None:
        bench.need(Power.CORRUPT)
        topic = await bench.harness.topic(2)
        writer = await bench.writer()
        for n in range(40):
            await append(writer, topic, [b"%d" % n], key=b"%d" % n)
        await bench.harness.corrupt(Partition(topic, 0), 2)
        member = await bench.member(topic)
        await bench.until(lambda: member.corrupt, what="the corruption reported")
        whole = await member.log.end(Partition(topic, 1))
        await bench.until(
            lambda: sum(a.partition.number == 1 for a, _ in member.delivered) == whole,
            what="the other partition read to its end",
        )
        assert {(c.partition, c.offset) for c in member.corrupt} == {(Partition(topic, 0), 2)}
        (stuck,) = (a for a in member.owned if a.partition.number == 0)
        await member.log.commit({stuck: 3})
        await member.stop()
        after = await bench.member(topic)
        await bench.until(
            lambda: any(a.partition.number == 0 and r.offset == 3 for a, r in after.delivered),
            what="the record behind the skipped one",
        )


def _keys_of_each(partitions: int) -> list[bytes]:
    """For each partition, in order, a key that belongs to it."""
    keys: dict[int, bytes] = {}
    for n in count():
        keys.setdefault(partition_for(b"%d" % n, partitions), b"%d" % n)
        if len(keys) == partitions:
            break
    return [keys[number] for number in range(partitions)]
