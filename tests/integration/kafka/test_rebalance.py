"""What a member can rely on while another one holds a rebalance up."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pytest
from typing_extensions import override

from responder.stream.log import Assignment, NewRecord, Rebalancing
from responder.testing.contracts.log_bench import until
from responder.testing.contracts.log_harness import LocalMember
from tests.integration.kafka.kit import LONG_SECONDS, Kit, owns

pytestmark = pytest.mark.kafka


@dataclass
class SlowMember(LocalMember):
    """Drains until it is told to stop draining."""

    is_draining: asyncio.Event = field(default_factory=asyncio.Event)
    may_go: asyncio.Event = field(default_factory=asyncio.Event)

    @override
    async def on_revoke(self, assignments: Collection[Assignment]) -> None:
        self.is_draining.set()
        await self.may_go.wait()
        await super().on_revoke(assignments)


async def slow_member(kit: Kit, topic: str) -> SlowMember:
    return await kit.join(SlowMember(kit.log()), topic)


async def test_a_poll_comes_back_while_the_group_waits(kit: Kit) -> None:
    """The client's own read would wait for the new assignment, however long that takes."""
    topic = await kit.topic(2)
    slow = await slow_member(kit, topic)
    await owns(slow, 2)
    joining = await kit.member(topic)
    await slow.is_draining.wait()
    await joining.pause_polling()
    async with asyncio.timeout(LONG_SECONDS):
        assert await joining.log.poll({}, 0.1) == {}
    assert not joining.owned
    slow.may_go.set()
    await owns(slow, 1)


async def test_a_commit_between_two_assignments_is_refused_here(kit: Kit) -> None:
    """Sent to the broker, it would make the group begin again, or this member a nobody."""
    topic = await kit.topic(2)
    await kit.writer().append([NewRecord(topic, b"%d" % n, b"%d" % n) for n in range(20)])
    slow = await slow_member(kit, topic)
    quick = await kit.member(topic)
    slow.may_go.set()
    await owns(quick, 1)
    slow.is_draining.clear()
    slow.may_go.clear()
    (mine,) = quick.owned
    await kit.member(topic)
    await until(lambda: not quick.owned, within=LONG_SECONDS, what="quick has let go")
    with pytest.raises(Rebalancing):
        await quick.log.commit({mine: 1})
    slow.may_go.set()


async def test_a_member_stops_in_time_while_the_group_waits_and_is_not_waited_for(kit: Kit) -> None:
    topic = await kit.topic(2)
    slow = await slow_member(kit, topic)
    await owns(slow, 2)
    leaving = await kit.member(topic)
    await slow.is_draining.wait()
    async with asyncio.timeout(LONG_SECONDS / 2):
        await leaving.stop()
    slow.may_go.set()
    await owns(slow, 2)


async def test_a_member_that_does_not_let_go_is_left_behind_and_told(kit: Kit) -> None:
    topic = await kit.topic(2)
    options = replace(kit.options, rebalance_timeout_ms=1_000)
    stuck = await kit.join(SlowMember(kit.log(options)), topic)
    await owns(stuck, 2)
    heir = await kit.member(topic, options=options)
    await until(lambda: heir.owned, within=LONG_SECONDS, what="the heir owns something")
    await until(lambda: stuck.errors, within=LONG_SECONDS, what="the stuck one is told")
    assert isinstance(stuck.errors[0], TimeoutError)
    stuck.may_go.set()


async def test_what_is_appended_during_a_rebalance_is_read_after_it(kit: Kit) -> None:
    topic = await kit.topic(2)
    slow = await slow_member(kit, topic)
    await owns(slow, 2)
    other = await kit.member(topic)
    await slow.is_draining.wait()
    values = [b"%d" % n for n in range(20)]
    await kit.writer().append([NewRecord(topic, value, value) for value in values])
    slow.may_go.set()
    await until(
        lambda: {*slow.values, *other.values} == set(values), within=LONG_SECONDS, what="all read"
    )
    assert len(slow.values) + len(other.values) == len(values)
