"""The contract of the log port: who owns a partition, what a commit stores, how a member ends."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

import pytest
from typing_extensions import override

from responder.stream.log import (
    Assignment,
    Fenced,
    LogWriter,
    NewRecord,
    Partition,
    Rebalancing,
    Unknown,
    Unreachable,
)
from responder.testing.contracts.log_bench import (
    GROUP,
    LONG_SECONDS,
    Bench,
    LogCase,
    append,
    append_whatever_happens,
    numbered,
)
from responder.testing.contracts.log_harness import LocalMember, Member, Power


class OwnershipContract(LogCase):
    """A1-A4: who owns a partition, and what a member that lost one may still do."""

    async def test_a1_members_share_all_partitions_and_each_has_one_owner(
        self, bench: Bench
    ) -> None:
        topic = await bench.harness.topic(6)
        members: list[LocalMember] = []
        for size in (1, 2, 3):
            members.append(await bench.member(topic))
            await bench.until(
                lambda: {len(m.owned) for m in members} == {6 // len(members)},
                what=f"{6 // size} partitions each",
            )
            owned = [a.partition.number for m in members for a in m.owned]
            assert sorted(owned) == list(range(6))

    async def test_a1_a_member_that_gets_nothing_is_told_so(self, bench: Bench) -> None:
        """It has joined: a process is ready when it is told, whatever falls to it."""

        class Spare(LocalMember):
            is_told = False

            @override
            async def on_assign(self, assignments: Collection[Assignment]) -> None:
                self.is_told = True
                await super().on_assign(assignments)

        topic = await bench.harness.topic(1)
        first = await bench.alone(topic)
        spare = Spare(bench.harness.log())
        await bench.member(topic, member=spare)
        await bench.until(lambda: spare.is_told, what="the spare member told")
        await bench.until(lambda: len(first.owned) + len(spare.owned) == 1, what="one owner")

    async def test_a2_an_ownership_has_ended_before_the_next_one_begins(self, bench: Bench) -> None:
        topic = await bench.harness.topic(6)
        owners: dict[Partition, _Exclusive] = {}
        members: list[_Exclusive] = []
        for size in (1, 2, 3):
            members.append(_Exclusive(bench.harness.log(), owners=owners))
            await bench.member(topic, member=members[-1])
            await bench.until(
                lambda: {len(m.owned) for m in members} == {6 // len(members)},
                what=f"{6 // size} partitions each",
            )
        assert [clash for m in members for clash in m.clashes] == []
        assert any(event == "revoked" for m in members for event, _ in m.events)

    async def test_a2_a_commit_inside_revoke_counts_for_the_next_owner(self, bench: Bench) -> None:
        topic = await bench.harness.topic(2)
        writer = await bench.writer()
        for n in range(20):
            await append(writer, topic, [b"%d" % n], key=b"%d" % n)
        first = LocalMember(bench.harness.log(), commit_on_revoke=True)
        await bench.member(topic, member=first)
        await bench.has(first, 20)
        second = await bench.member(topic)
        await bench.until(lambda: len(second.owned) == len(first.owned) == 1, what="one each")
        await append(writer, topic, [b"new"], key=b"0")
        await append(writer, topic, [b"new too"], key=b"1")
        await bench.until(
            lambda: {b"new", b"new too"} <= {*first.values, *second.values}, what="the new ones"
        )
        assert len([*first.values, *second.values]) == 22

    async def test_a2_nothing_of_an_assignment_arrives_after_its_end(self, bench: Bench) -> None:
        topic = await bench.harness.topic(4)
        writer = await bench.writer()
        first = await bench.member(topic)
        await bench.owns(first, 4)
        writing = asyncio.create_task(self._write_slowly(writer, topic))
        members = [first, *[await bench.member(topic) for _ in range(2)]]
        await bench.until(lambda: all(m.owned for m in members), what="three owners")
        await members.pop().stop()
        await bench.until(lambda: sum(len(m.owned) for m in members) == 4, what="two owners again")
        values = await writing
        await bench.until(
            lambda: set(values) == {v for m in bench.members for v in m.values},
            what="every record read by somebody",
        )
        epochs = [a for m in bench.members for a in m.ever_owned]
        assert len(epochs) == len(set(epochs))
        assert not any(m.late for m in bench.members)
        for member in bench.members:
            for assignment in member.ever_owned:
                offsets = [r.offset for a, r in member.delivered if a == assignment]
                assert offsets == sorted(set(offsets))

    @staticmethod
    async def _write_slowly(writer: LogWriter, topic: str) -> list[bytes]:
        values = numbered("r", 100)
        for n, value in enumerate(values):
            await append(writer, topic, [value], key=b"%d" % n)
            await asyncio.sleep(0.01)
        return values

    async def test_a3_a_member_that_stops_cleanly_is_followed_without_repetition(
        self, bench: Bench
    ) -> None:
        topic = await bench.harness.topic(1)
        await append(await bench.writer(), topic, numbered("r", 10))
        first = await bench.alone(topic)
        await bench.has(first, 10)
        assert await first.commit() is None
        await first.stop()
        second = await bench.alone(topic)
        await append(await bench.writer(), topic, [b"new"])
        await bench.has(second, 1)
        assert second.values == [b"new"]

    async def test_a3_a_killed_member_is_followed_and_nothing_is_lost(self, bench: Bench) -> None:
        bench.need(Power.KILL_MEMBER)
        topic = await bench.harness.topic(2)
        writer = await bench.writer()
        for n in range(20):
            await append(writer, topic, [b"%d" % n], key=b"%d" % n)
        doomed = await bench.harness.outsider(topic, GROUP)
        await bench.until(lambda: len(doomed.seen) == 20, what="20 records at the doomed one")
        await doomed.kill()
        heir = await bench.member(topic)
        await bench.owns(heir, 2)
        await bench.has(heir, 20)

    async def test_a4_a_member_that_wakes_late_is_fenced(self, bench: Bench) -> None:
        bench.need(Power.FREEZE_MEMBER)
        topic = await bench.harness.topic(1)
        writer = await bench.writer()
        await append(writer, topic, numbered("r", 10))
        sleeper = await bench.harness.outsider(topic, GROUP)
        try:
            await bench.until(lambda: len(sleeper.seen) == 10, what="10 records at the sleeper")
            await sleeper.freeze()
            heir = await bench.alone(topic)
            await bench.has(heir, 10)
            (assignment,) = heir.owned
            await heir.log.commit({assignment: 4})
            await sleeper.thaw()
            assert await self._answer_of_late(sleeper) == "Fenced"
            assert await heir.log.committed(assignment.partition) == 4
        finally:
            await sleeper.kill()

    @staticmethod
    async def _answer_of_late(sleeper: Member) -> str | None:
        """What a commit of what it owned comes to; while it joins again it is only put off."""
        async with asyncio.timeout(LONG_SECONDS):
            while (answer := await sleeper.commit(of_the_past=True)) == "Rebalancing":  # noqa: ASYNC110 - no event tells us
                await asyncio.sleep(0.02)
        return answer

    async def test_a4_an_error_in_a_callback_comes_out_of_the_next_poll(self, bench: Bench) -> None:
        topic = await bench.harness.topic(2)
        assigning, revoking = ZeroDivisionError("at the beginning"), ZeroDivisionError("at the end")
        member = LocalMember(bench.harness.log(), assign_error=assigning, revoke_error=revoking)
        await bench.member(topic, member=member)
        await bench.until(lambda: member.errors, what="the error of the first callback")
        assert member.errors == [assigning]
        second = await bench.member(topic)
        await bench.until(lambda: len(second.owned) == 1, what="a partition for the other one")
        await bench.until(lambda: len(member.errors) > 1, what="the error of the second callback")
        assert member.errors == [assigning, revoking]


@dataclass
class _Exclusive(LocalMember):
    """Notes every partition that begins for it before it has ended for another; ends slowly."""

    owners: "dict[Partition, _Exclusive]" = field(default_factory=dict)
    clashes: list[Assignment] = field(default_factory=list)

    @override
    async def on_revoke(self, assignments: Collection[Assignment]) -> None:
        await asyncio.sleep(0.3)
        for assignment in assignments:
            self.owners.pop(assignment.partition, None)
        await super().on_revoke(assignments)

    @override
    async def on_assign(self, assignments: Collection[Assignment]) -> None:
        for assignment in assignments:
            if self.owners.setdefault(assignment.partition, self) is not self:
                self.clashes.append(assignment)
        await super().on_assign(assignments)


@dataclass
class _Holding(LocalMember):
    """Does not let go before it may: whoever has let go waits for it, in a rebalance."""

    may_go: asyncio.Event = field(default_factory=asyncio.Event)

    @override
    async def on_revoke(self, assignments: Collection[Assignment]) -> None:
        await self.may_go.wait()
        await super().on_revoke(assignments)


class CommitContract(LogCase):
    """C1: what a commit stores."""

    async def test_c1_a_commit_is_read_back_and_counts_what_is_unread(self, bench: Bench) -> None:
        topic = await bench.harness.topic(1)
        partition = Partition(topic, 0)
        await append(await bench.writer(), topic, numbered("r", 10))
        member = await bench.alone(topic)
        assert await member.log.committed(partition) is None
        await bench.has(member, 10)
        (assignment,) = member.owned
        await member.log.commit({assignment: 6})
        committed = await member.log.committed(partition)
        assert committed == 6
        assert await member.log.end(partition) - committed == 4

    async def test_c1_an_assignment_of_an_earlier_epoch_is_fenced(self, bench: Bench) -> None:
        topic = await bench.harness.topic(1)
        await append(await bench.writer(), topic, numbered("r", 3))
        first = await bench.alone(topic)
        await bench.has(first, 3)
        (old,) = first.owned
        await first.log.commit({old: 1})
        await first.stop()
        second = await bench.alone(topic)
        with pytest.raises(Fenced) as fenced:
            await second.log.commit({old: 3})
        assert fenced.value.assignments == {old}
        assert await second.log.committed(old.partition) == 1

    async def test_c1_in_a_rebalance_a_commit_is_refused_without_asking_the_log(
        self, bench: Bench
    ) -> None:
        bench.need(Power.PAUSE_SERVER)
        topic = await bench.harness.topic(6)
        first = await bench.member(topic)
        holding = _Holding(bench.harness.log())
        await bench.member(topic, member=holding)
        await bench.until(lambda: len(first.owned) == len(holding.owned) == 3, what="three each")
        before = len(first.events)
        newcomer = await bench.member(topic)
        await bench.until(lambda: len(first.events) > before, what="the first has let go")
        event, gone = first.events[before]
        assert event == "revoked"
        await bench.harness.pause_server()
        try:
            with pytest.raises((Rebalancing, Fenced)):
                await first.log.commit({gone: 1})
        finally:
            await bench.harness.resume_server()
        holding.may_go.set()
        await bench.until(
            lambda: all(len(m.owned) == 2 for m in (first, holding, newcomer)), what="two each"
        )
        assert await first.log.committed(gone.partition) is None
        kept = next(iter(first.owned))
        await first.log.commit({kept: 0})

    async def test_c1_a_commit_without_the_log_is_unknown_and_the_next_one_succeeds(
        self, bench: Bench
    ) -> None:
        bench.need(Power.PAUSE_SERVER)
        topic = await bench.harness.topic(1)
        await append(await bench.writer(), topic, numbered("r", 3))
        member = await bench.alone(topic)
        await bench.has(member, 3)
        (assignment,) = member.owned
        await bench.harness.pause_server()
        try:
            async with asyncio.timeout(bench.limits.commit + bench.limits.slack):
                with pytest.raises(Unknown):
                    await member.log.commit({assignment: 3})
        finally:
            await bench.harness.resume_server()
        await self._commits_again(member)

    @staticmethod
    async def _commits_again(member: LocalMember) -> None:
        async with asyncio.timeout(LONG_SECONDS):
            while await member.commit() is not None:  # noqa: ASYNC110 - no event tells us
                await asyncio.sleep(0.1)
        (assignment,) = member.owned
        assert await member.log.committed(assignment.partition) == 3


class EndingContract(LogCase):
    """S1 and S2: starting and stopping, with the log up, down, or in the middle of something."""

    async def test_s1_stop_leaves_no_task_behind_and_twice_is_harmless(self, bench: Bench) -> None:
        topic = await bench.harness.topic(2)
        before = asyncio.all_tasks()
        member = await bench.member(topic)
        await bench.owns(member, 2)
        async with asyncio.timeout(bench.limits.stop + bench.limits.slack):
            await member.stop()
            await member.log.stop()
        await bench.until(lambda: asyncio.all_tasks() <= before, what="no task left")

    async def test_s1_stop_ends_in_time_while_members_join(self, bench: Bench) -> None:
        topic = await bench.harness.topic(4)
        staying = await bench.member(topic)
        await bench.owns(staying, 4)
        joining = await bench.member(topic)
        async with asyncio.timeout(bench.limits.stop + bench.limits.slack):
            await joining.stop()
        await bench.owns(staying, 4)

    async def test_s1_stop_ends_in_time_without_the_log(self, bench: Bench) -> None:
        bench.need(Power.STOP_SERVER)
        topic = await bench.harness.topic(1)
        member = await bench.alone(topic)
        writer = await bench.writer()
        await append(writer, topic, [b"r"])
        await bench.harness.stop_server()
        try:
            async with asyncio.timeout(2 * bench.limits.stop + bench.limits.slack):
                await member.stop()
                await writer.stop()
        finally:
            await bench.harness.start_server()

    async def test_s2_start_without_the_log_is_unreachable(self, bench: Bench) -> None:
        bench.need(Power.STOP_SERVER)
        topic = await bench.harness.topic(1)
        await bench.harness.stop_server()
        before = asyncio.all_tasks()
        try:
            log = bench.harness.log()
            async with asyncio.timeout(bench.limits.start + bench.limits.slack):
                with pytest.raises(Unreachable):
                    await log.start([topic], GROUP, LocalMember(log))
            await bench.until(lambda: asyncio.all_tasks() <= before, what="no retry goes on")
            await log.stop()
        finally:
            await bench.harness.start_server()

    async def test_s2_start_with_wrong_credentials_is_unreachable(self, bench: Bench) -> None:
        bench.need(Power.WRONG_CREDENTIALS)
        topic = await bench.harness.topic(1)
        log = bench.harness.stranger()
        async with asyncio.timeout(bench.limits.start + bench.limits.slack):
            with pytest.raises(Unreachable):
                await log.start([topic], GROUP, LocalMember(log))
        await log.stop()

    async def test_s2_an_outage_under_load_loses_nothing(self, bench: Bench) -> None:
        bench.need(Power.STOP_SERVER)
        topic = await bench.harness.topic(2)
        reader = await bench.member(topic)
        await bench.owns(reader, 2)
        writer = await bench.writer()
        values = numbered("r", 60)

        async def write() -> None:
            for value in values:
                await append_whatever_happens(writer, NewRecord(topic, value, value))

        writing = asyncio.create_task(write())
        await bench.has(reader, 10)
        await bench.harness.stop_server()
        await asyncio.sleep(0.5)
        await bench.harness.start_server()
        async with asyncio.timeout(LONG_SECONDS):
            await writing
        await self._reads_all(bench, reader, topic, set(values))

    @staticmethod
    async def _reads_all(bench: Bench, reader: LocalMember, topic: str, all_: set[bytes]) -> None:
        await bench.until(
            lambda: reader.lost or all_ <= set(reader.values),
            within=LONG_SECONDS,
            what="the reader goes on or says that it cannot",
        )
        if reader.lost:
            follower = await bench.member(topic)
            await bench.until(
                lambda: all_ <= {*reader.values, *follower.values},
                what="all read",
                within=LONG_SECONDS,
            )
