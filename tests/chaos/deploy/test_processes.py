"""Processes that die, end, freeze, join and leave while comments come in and replies go out.

One installation for all of it: two gateways behind a balancer, and whatever a cluster has behind
them. Each test leaves it whole.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from responder.testing.kafka import ExternalKafka, KafkaCluster
from responder.testing.load import Load
from responder.testing.postgres import TestServer
from responder.testing.roles import Role
from responder.testing.running import eventually
from responder.testing.webhook_receiver import Received
from tests.chaos.deploy.cluster import BEHIND, GATEWAYS, Cluster, are_acknowledged, balanced
from tests.chaos.kafka.scene import staged

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="module")]

RATE = 2.0
CHANGES = 30
CHANGE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Begun:
    """A push that is under way: all of it was sent but its end."""

    comment_id: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    rest: bytes

    @classmethod
    async def at(cls, gateway: Role, load: Load) -> Self:
        comment_id, request = load.by_hand()
        at = urlsplit(gateway.url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        writer.write(request[:-20])
        await writer.drain()
        return cls(comment_id, reader, writer, request[-20:])

    async def end(self) -> bytes:
        """Send the rest; gives the whole answer, or nothing where the connection is lost."""
        answer = b""
        with suppress(ConnectionError):
            self.writer.write(self.rest)
            answer = await self.reader.read()
        self.writer.close()
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(
    kafka: KafkaCluster | ExternalKafka,
    postgres_server: TestServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Cluster]:
    async with (
        staged(
            tmp_path_factory.mktemp("roles"),
            postgres_server,
            servers=kafka.bootstrap_servers,
            brokers=1,
        ) as scene,
        balanced(scene) as cluster,
    ):
        await asyncio.gather(*(cluster.start(name) for name in (*GATEWAYS, *BEHIND)))
        yield cluster


@pytest.mark.fault(1)
@pytest.mark.promise(1)
async def test_a_gateway_killed_under_load_has_lost_nothing_that_it_acknowledged(
    cluster: Cluster,
) -> None:
    load = cluster.load("killed")
    async with load.steadily(RATE):
        await are_acknowledged(load, 5)
        push = await Begun.at(cluster.scene.alive["gateway"], load)
        await asyncio.gather(load.push_many(15), cluster.kill("gateway"))
        assert not (await push.end()).startswith(b"HTTP/1.1 2")
        await cluster.start("gateway")
    assert set(load.statuses) <= {202, None}
    await cluster.scene.holds()


@pytest.mark.fault(2)
@pytest.mark.promise(6)
async def test_a_gateway_that_is_told_to_end_answers_what_is_in_flight_and_nobody_sees_an_error(
    cluster: Cluster,
) -> None:
    load = cluster.load("ended")
    leaving = cluster.scene.alive.pop("gateway.2")
    async with load.steadily(RATE):
        await are_acknowledged(load, 10)
        await cluster.balancer.take_out(leaving.url)
        push = await Begun.at(leaving, load)
        assert await leaving.probe() == 200  # by then it has read what was sent
        leaving.terminate()
        await leaving.says("Stopping")
        assert (await push.end()).startswith(b"HTTP/1.1 202 ")
        assert await leaving.probe() != 200
        load.acknowledged.add(push.comment_id)
        assert await leaving.ended() == 0
        await are_acknowledged(load, 10)
    await cluster.start("gateway.2")
    assert set(load.statuses) == {202}
    await cluster.scene.holds()


@pytest.mark.fault(21)
@pytest.mark.promise(3)
async def test_a_triage_that_was_frozen_past_its_session_changes_nothing_when_it_goes_on(
    cluster: Cluster,
) -> None:
    scene, load = cluster.scene, cluster.load("frozen")
    await scene.start("triage.2")
    zombie = scene.alive["triage.2"]
    async with load.steadily(RATE):
        await are_acknowledged(load, 10)
        zombie.freeze()
        await are_acknowledged(load, 15)
        # Those of its partitions too: so they are another's, and it is a zombie.
        await scene.ledger.holds_all({("forum", name) for name in load.acknowledged})
        zombie.thaw()
        await are_acknowledged(load, 10)
    await scene.holds()
    await scene.stop("triage.2")


@pytest.mark.fault(21)
@pytest.mark.promise(2, 3)
async def test_a_delivery_frozen_in_the_middle_of_a_call_posts_nothing_more_when_it_goes_on(
    cluster: Cluster,
) -> None:
    scene, load = cluster.scene, cluster.load("zombie")
    zombie = scene.alive["delivery+relay"]
    in_the_call: list[Received] = []

    def freeze(received: Received) -> None:
        if not in_the_call:
            zombie.freeze()
            in_the_call.append(received)

    scene.receiver.before_answering = freeze
    try:
        async with scene.editing():
            await load.push_many(3)
            await eventually(lambda: _count(in_the_call), bool)
            await scene.start("delivery+relay.2")
            await scene.all_are("answered")
            posted = len(scene.receiver.received)
            zombie.thaw()
            await load.push_many(3)
            await scene.all_are("answered")
    finally:
        scene.receiver.before_answering = None
        zombie.thaw()
    of_the_zombie = [each for each in scene.receiver.received[posted:] if each in in_the_call]
    assert of_the_zombie == []
    await scene.holds()
    await scene.stop("delivery+relay.2")


@pytest.mark.fault(22)
async def test_while_members_join_and_leave_work_goes_on_and_nothing_is_posted_twice(
    cluster: Cluster,
) -> None:
    scene, load = cluster.scene, cluster.load("changing")
    async with scene.editing():
        async with load.steadily(RATE):
            for number in range(2):
                name = f"triage+delivery.{number + 3}"
                await scene.start(name)
                await are_acknowledged(load, 5)
                if number:
                    scene.kill(name)
                else:
                    await scene.stop(name)
        await scene.all_are("answered")
    await scene.holds()


@pytest.mark.chaos
@pytest.mark.fault(22)
async def test_while_one_joins_or_leaves_every_two_seconds_for_a_minute_nothing_is_posted_twice(
    cluster: Cluster,
) -> None:
    scene, load = cluster.scene, cluster.load("restless")
    members = deque(scene.roles.launch("triage", "delivery") for _ in range(2))
    async with scene.editing():
        async with load.steadily(RATE):
            for number in range(CHANGES):
                if number % 2 == 0:
                    members.append(scene.roles.launch("triage", "delivery"))
                elif number % 4 == 1:
                    members.popleft().kill()
                else:
                    members.popleft().terminate()
                await asyncio.sleep(CHANGE_SECONDS)
        for role in members:
            role.kill()
        await scene.all_are("answered")
    await scene.holds()


@pytest.mark.chaos  # minutes, and longer than it waits on a busy machine
@pytest.mark.fault(37)
@pytest.mark.promise(2, 6)
async def test_every_role_restarted_in_turn_under_load_refuses_nobody_and_posts_nothing_twice(
    cluster: Cluster,
) -> None:
    scene, load = cluster.scene, cluster.load("rolling")
    before = {name: role.pid for name, role in scene.alive.items()}
    async with scene.editing():
        async with load.steadily(RATE):
            for name in before:
                await cluster.replace(name)
                await are_acknowledged(load, 3)
        await scene.all_are("answered")
    assert set(load.statuses) == {202}
    assert all(scene.alive[name].pid != pid for name, pid in before.items())
    await scene.holds()


async def _count(of: Collection[object]) -> int:
    return len(of)
