"""What a log may lose, and the disk that it is on: for hours when nobody waits for a result."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]

from responder.testing.disks import DiskUnavailable, full, small_disk
from responder.testing.kafka import KafkaCluster, running_kafka
from responder.testing.load import Load
from responder.testing.postgres import TestServer
from responder.testing.running import eventually
from tests.chaos.kafka.scene import PARTITIONS, REST, WHOLE, Scene, staged
from tests.e2e.kafka.kit import GROUPS

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

FOUND_SOMETHING = 5
MEGABYTES = 300
RATE = 10.0


@pytest.fixture
def disks() -> Iterator[list[Path]]:
    """Small ones, one for each broker; without the rights to make them the test is skipped."""
    with ExitStack() as stack:
        try:
            yield [stack.enter_context(small_disk(MEGABYTES)) for _ in range(3)]
        except DiskUnavailable as missing:
            pytest.skip(f"NO DISK TO FILL: {missing}")


@pytest.fixture
def brokers(kafka_jars: Path, disks: list[Path]) -> Iterator[KafkaCluster]:
    with running_kafka(kafka_jars, nodes=3, disks=disks) as cluster:
        yield cluster


@pytest.fixture
async def scene(
    brokers: KafkaCluster, postgres_server: TestServer, tmp_path: Path
) -> AsyncIterator[Scene]:
    async with staged(
        tmp_path, postgres_server, servers=brokers.bootstrap_servers, brokers=3
    ) as scene:
        await scene.start(*WHOLE)
        yield scene


@pytest.mark.fault(17)
@pytest.mark.promise(2)
async def test_offsets_set_back_to_the_start_do_all_of_it_again_and_change_nothing(
    scene: Scene,
) -> None:
    async with scene.editing():
        await scene.load("read").push_many(20)
        await scene.all_are("answered")
    await scene.holds(groups=GROUPS)
    before, posted = sorted(await scene.ledger.states()), len(scene.receiver.received)
    await scene.stop(REST)
    for group, topic in GROUPS.items():
        await _set_back(scene, group, topic)

    await scene.start(REST)
    await scene.holds(groups=GROUPS)
    assert sorted(await scene.ledger.states()) == before
    assert len(scene.receiver.received) == posted


@pytest.mark.fault(17)
async def test_a_topic_that_was_wiped_costs_only_what_nobody_had_read_and_the_audit_says_so(
    scene: Scene,
) -> None:
    """Beyond what is promised: so it must at least be seen."""
    read, lost, later = (scene.load(name) for name in ("read", "lost", "later"))
    await read.push_many(20)
    await scene.holds()
    await scene.stop(REST)
    await lost.push_many(10)
    admin = AIOKafkaAdminClient(bootstrap_servers=scene.servers)
    await admin.start()
    await admin.delete_topics([scene.topic])
    await admin.close()
    await eventually(lambda: _misses(scene, scene.topic))
    made = await scene.roles.command("migrate")
    assert f"made the topic {scene.topic}" in made.said

    await scene.start(REST)
    await later.push_many(20)
    await scene.ledger.holds_all({("forum", name) for name in later.acknowledged})
    names = [name for _, name, _ in await scene.ledger.states()]
    assert sorted(names) == sorted(read.acknowledged | later.acknowledged)
    verified = await scene.roles.command("audit", "verify")
    assert verified.code == FOUND_SOMETHING
    assert "began anew" in verified.said


@pytest.mark.fault(42)
@pytest.mark.promise(1)
async def test_brokers_without_room_refuse_pushes_and_take_them_again_when_there_is_some(
    scene: Scene, brokers: KafkaCluster, disks: list[Path]
) -> None:
    load = scene.load("full")
    async with load.steadily(RATE):
        await _told(load, 202, 20)
        with full(disks[0]), full(disks[1]):
            await _told(load, 503, 20)
        for node in (0, 1):  # a broker that cannot write ends by itself
            brokers.kill(node)
            brokers.launch(node)
        await brokers.ready()
        await _told(load, 202, 20)
    assert set(load.statuses) == {202, 503}
    await scene.holds()


async def _set_back(scene: Scene, group: str, topic: str) -> None:
    """Nobody is in the group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=scene.servers, group_id=scene.wire(group), enable_auto_commit=False
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(scene.wire(topic), number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.commit(dict.fromkeys(partitions, 0))
    finally:
        await consumer.stop()


async def _misses(scene: Scene, topic: str) -> bool:
    await asyncio.sleep(1.0)  # each question is a process
    return topic in (await scene.roles.command("migrate", "--check")).said


async def _told(load: Load, status: int, count: int) -> None:
    """Wait until so many in a row were told this, from now on."""
    so_far = len(load.answers)

    async def last() -> list[int | None]:
        return [answer.status for answer in load.answers[so_far:][-count:]]

    await eventually(last, lambda found: found == [status] * count, 120.0)
