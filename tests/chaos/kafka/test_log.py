"""The log's faults on three real brokers: they die, they move, the wire to them misbehaves.

One cluster and one installation for all of them, one fault after the other. The gateway reaches
each broker through a wire of ours; the other roles reach them directly.
"""

import asyncio
import statistics
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]
    ConfigResource,
    ConfigResourceType,
)

from responder.adapters.kafka.options import KafkaOptions
from responder.adapters.kafka.topics import TopicSpec
from responder.adapters.kafka.writer import KafkaLogWriter
from responder.engagement.events import EngagementReceived, Event, EventAuthor
from responder.engagement.model import Kind
from responder.stream.log import NewRecord
from responder.testing.isso import IssoServer
from responder.testing.kafka import KafkaCluster, running_kafka
from responder.testing.load import Answer, Load
from responder.testing.postgres import TestServer
from responder.testing.running import eventually
from responder.testing.wire import Wire
from tests.chaos.kafka.scene import SOURCE, WHOLE, Scene, records, staged
from tests.e2e.isso.kit import source

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="module")]

RATE = 8.0
REFUSED_SECONDS = 1.5
FAILOVER_SECONDS = 45.0
"""Fifteen where nothing else runs."""


@pytest.fixture(scope="module")
def brokers(kafka_jars: Path) -> Iterator[KafkaCluster]:
    with running_kafka(kafka_jars, nodes=3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssoServer]:
    """A place that cannot push: its comments are fetched."""
    with IssoServer(tmp_path_factory.mktemp("blog"), guard=False) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wires(brokers: KafkaCluster) -> AsyncIterator[Sequence[Wire]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(Wire(each.told_port, each.broker_port))
            for each in brokers.detours
        ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    brokers: KafkaCluster,
    wires: Sequence[Wire],  # noqa: ARG001 - the gateway's way to the brokers
    blog: IssoServer,
    postgres_server: TestServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Scene]:
    async with staged(
        tmp_path_factory.mktemp("roles"),
        postgres_server,
        servers=brokers.bootstrap_servers,
        brokers=3,
        tables=source("blog", blog.url, blog.site),
    ) as scene:
        gateway, *others = WHOLE
        detour = {"RESPONDER_KAFKA__BOOTSTRAP_SERVERS": brokers.detour_servers}
        await asyncio.gather(scene.start(gateway, **detour), scene.start(*others))
        yield scene


@pytest.mark.fault(15)
@pytest.mark.promise(1)
async def test_one_broker_killed_under_load_loses_nothing_that_was_acknowledged(
    scene: Scene, brokers: KafkaCluster
) -> None:
    load = scene.load("one")
    async with load.steadily(RATE):
        await _are_taken(load, 10)
        brokers.kill(1)
        await _are_taken(load, 20, within=FAILOVER_SECONDS)
        brokers.launch(1)
        await brokers.ready()
    _were_only_put_off(load.answers)
    await scene.holds()


@pytest.mark.fault(15)
@pytest.mark.promise(8)
@pytest.mark.parametrize(
    "seconds", [0, pytest.param(600, marks=pytest.mark.chaos)], ids=["a moment", "ten minutes"]
)
async def test_without_enough_brokers_every_push_is_refused_at_once_and_the_outbox_waits(
    scene: Scene, brokers: KafkaCluster, blog: IssoServer, seconds: int
) -> None:
    """A sender that gives up has lost its comments; a place that can be read is read over the gap."""
    await scene.load(f"before{seconds}").push_many(5)
    await scene.holds()
    giving_up = scene.load(f"refused{seconds}", repeats=False)
    try:
        for node in (0, 1):
            brokers.kill(node)
        await giving_up.push_many(8)
        brokers.kill(2)
        await giving_up.push_many(8)
        async with scene.editing():
            await scene.all_are("approved", f"before{seconds}-")
            assert await _approvals_waiting(scene) >= 5
        told = await asyncio.to_thread(blog.comment, "/post", "How do I print notebook nine?")
        scene.others.add(("blog", told.key))
        async with giving_up.steadily(1.0):
            await asyncio.sleep(seconds)
    finally:
        for node in range(3):
            brokers.launch(node)
        await brokers.ready()

    assert giving_up.acknowledged == set()
    assert set(giving_up.statuses) == {503}
    _were_only_put_off(giving_up.answers)
    await scene.load(f"after{seconds}").push_many(5)
    await scene.ledger.holds_all({("blog", told.key)})
    await eventually(lambda: _approvals_waiting(scene), lambda count: count == 0)
    await scene.all_are("answered", f"before{seconds}-")
    await scene.holds()


@pytest.mark.fault(16)
@pytest.mark.promise(2, 3)
async def test_a_refusal_may_hide_a_comment_that_was_stored_and_its_repeat_changes_nothing(
    scene: Scene, wires: Sequence[Wire]
) -> None:
    load = scene.load("hidden")
    async with load.steadily(RATE):
        await _are_taken(load, 10)
        for wire in wires:
            wire.swallow_answers()
        await _are_refused(load, 10)
        for wire in wires:
            wire.reset()
            wire.heal()
        await _are_taken(load, 10)
    again = [each.name for each in await scene.logged() if each.name[1].startswith("hidden")]
    assert len(again) > len(set(again)), "no stored comment was refused: the fault was not there"
    await scene.holds()


@pytest.mark.fault(16)
@pytest.mark.promise(3)
async def test_a_late_wire_a_cut_and_resets_change_no_order_and_lose_nothing(
    scene: Scene, wires: Sequence[Wire]
) -> None:
    load = scene.load("wire")
    async with load.steadily(RATE):
        for wire in wires:
            wire.late_seconds = 0.25  # half a second there and back
        await _are_taken(load, 15)
        for wire in wires:
            wire.reset()
        await _are_taken(load, 15)
        for wire in wires:
            wire.swallow_everything()
        await _are_refused(load, 10)
        for wire in wires:
            wire.heal()
        await _are_taken(load, 15)
    _were_only_put_off(load.answers)
    await scene.holds()


@pytest.mark.fault(18)
async def test_records_twice_and_out_of_order_have_one_effect_and_a_stale_version_none(
    scene: Scene,
) -> None:
    """What a producer repeats, what a mirror shuffles: the same records again, backwards."""
    load = scene.load("again")
    await load.push_many(10)
    await scene.holds()
    before = sorted(await scene.ledger.states())
    newer, older = _edit(minute=30), _edit(minute=10)
    written = [
        NewRecord(EngagementReceived.topic, record.key, record.value, tuple(record.headers))
        for record in await records(scene.servers, scene.topic)
    ]
    options = KafkaOptions(bootstrap_servers=scene.servers, topic_prefix=scene.wire(""))
    writer = KafkaLogWriter(options)
    try:
        for record in [newer, older, *reversed(written), *written, newer]:
            await writer.append([record])
    finally:
        await writer.stop()

    await scene.holds()
    assert sorted(await scene.ledger.states()) == before
    (text,) = await scene.ledger.rows("SELECT text FROM comment WHERE comment_id = 'again-0'")
    assert text["text"].endswith("at minute 30")


@pytest.mark.chaos
@pytest.mark.fault(19)
async def test_leaders_and_coordinators_that_move_are_found_again_without_a_restart(
    scene: Scene, brokers: KafkaCluster
) -> None:
    """Every broker leads and coordinates something."""
    load = scene.load("moved")
    async with load.steadily(RATE):
        for node in (0, 2):
            brokers.kill(node)
            await _are_taken(load, 10, within=FAILOVER_SECONDS)
            brokers.launch(node)
            await brokers.ready()
            await _are_taken(load, 10, within=FAILOVER_SECONDS)
    _were_only_put_off(load.answers)
    await scene.holds()


@pytest.mark.fault(19)
async def test_with_too_few_replicas_nothing_is_acknowledged_until_there_are_enough(
    scene: Scene, brokers: KafkaCluster
) -> None:
    """All three must have a record of this topic: the broker itself says NOT_ENOUGH_REPLICAS."""
    await _must_be_in_sync(scene, 3)
    load = scene.load("few")
    brokers.kill(2)
    try:
        async with load.steadily(RATE):
            await _are_refused(load, 20)
            acknowledged = set(load.acknowledged)
            await _are_refused(load, 10)
            assert load.acknowledged == acknowledged
            brokers.launch(2)
            await brokers.ready()
            await _are_taken(load, 20)
    finally:
        await _must_be_in_sync(scene, 2)
    _were_only_put_off(load.answers)
    await scene.holds()


async def _are_taken(load: Load, count: int, *, within: float = 60.0) -> None:
    """Wait until so many in a row were taken, from now on."""
    await _told(load, count, 202, within)


async def _are_refused(load: Load, count: int) -> None:
    """Wait until so many in a row were told to come again, from now on."""
    await _told(load, count, 503, 60.0)


async def _told(load: Load, count: int, status: int, within: float) -> None:
    so_far = len(load.answers)

    async def last() -> list[int | None]:
        return [answer.status for answer in load.answers[so_far:][-count:]]

    await eventually(last, lambda found: found == [status] * count, within)


def _were_only_put_off(answers: Sequence[Answer]) -> None:
    """Each was taken, or told at once when to come again; nothing else."""
    assert {answer.status for answer in answers} <= {202, 429, 503}
    refused = [answer for answer in answers if answer.status != 202]
    assert all(int(answer.retry_after or 0) > 0 for answer in refused)
    if refused:
        seconds = [answer.seconds for answer in refused]
        assert statistics.median(seconds) < REFUSED_SECONDS
        assert max(seconds) < 3 * REFUSED_SECONDS  # the machine may have other things to do


async def _approvals_waiting(scene: Scene) -> int:
    """What is approved and released, and that the log does not have yet."""
    query = "SELECT FROM outbox WHERE topic = 'reply.approved' AND sent_at IS NULL"
    return len(await scene.ledger.rows(query))


def _edit(minute: int) -> NewRecord:
    """The author of the first comment changes it, at that minute."""
    at = datetime(2026, 11, 1, 12, minute, tzinfo=UTC)
    data = EngagementReceived(
        comment_id="again-0",
        thread_id="again-thread-0",
        text=f"How do I export a notebook? I asked at minute {minute}",
        author=EventAuthor(id="author-again-0", name="Ann"),
        published_at=datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
        kind=Kind.EDITED,
        edited_at=at,
    )
    event = Event.of(
        data, event_id=data.event_id(SOURCE), source=SOURCE, subject=data.thread_id, time=at
    )
    return NewRecord(event.topic, event.key, event.value(), event.headers())


async def _must_be_in_sync(scene: Scene, replicas: int) -> None:
    """How many must have a record of what comes in."""
    spec = TopicSpec(name=EngagementReceived.topic, min_insync=replicas)
    resource = ConfigResource(ConfigResourceType.TOPIC, scene.topic, dict(spec.configuration))
    admin = AIOKafkaAdminClient(bootstrap_servers=scene.servers)
    await admin.start()
    try:
        await admin.alter_configs([resource])
    finally:
        await admin.close()
