"""Two versions at once: events of a later one, and a schema that is on its way to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from responder.adapters.kafka.options import KafkaOptions
from responder.adapters.kafka.writer import KafkaLogWriter
from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.migrate import VERSION_TABLE
from responder.engagement.events import EngagementReceived, EngagementTriaged
from responder.stream.log import NewRecord
from responder.testing.kafka import ExternalKafka, KafkaCluster
from responder.testing.postgres import TestServer
from responder.testing.roles import Roles, roles_on_kafka
from responder.testing.running import eventually
from tests.chaos.kafka.scene import SOURCE, Scene, staged
from tests.e2e.kafka.conftest import NOWHERE, new_prefix
from tests.e2e.kafka.kit import SECRETS, configuration

pytestmark = pytest.mark.kafka

STAGES = "triage+drafting+relay+audit"
LATER = "engagement.received.v2"


@pytest.fixture
async def scene(
    kafka: KafkaCluster | ExternalKafka, postgres_server: TestServer, tmp_path: Path
) -> AsyncIterator[Scene]:
    async with staged(
        tmp_path, postgres_server, servers=kafka.bootstrap_servers, brokers=1
    ) as scene:
        await scene.start(STAGES)
        yield scene


@pytest.mark.fault(36)
async def test_a_later_version_is_kept_unread_while_what_stands_around_it_in_its_thread_goes_on(
    scene: Scene,
) -> None:
    """As while one part of a cluster runs a later version already, and when it is taken back."""
    await _written(
        scene,
        _record("first"),
        _record("second", extra={"mood": {"of": "a later version"}}),
        _record("third", kind=LATER),
        _record("fourth"),
        NewRecord(
            EngagementTriaged.topic, b"forum/thread", b"{}", _headers("engagement.triaged.v2")
        ),
        _record("fifth"),
    )
    taken = {"first", "second", "fourth", "fifth"}
    scene.others |= {(SOURCE, name) for name in taken}
    await scene.holds(groups=("triage", "audit"))
    await eventually(lambda: _drafted(scene), lambda names: names == taken)
    letters = await eventually(scene.ledger.unreadable, lambda found: len(found) == 2)
    assert all("ce_type is none of" in why for why in letters)
    (unread,) = await scene.ledger.rows("SELECT value, status FROM dead_letter WHERE counts")
    assert (json.loads(unread["value"])["comment_id"], unread["status"]) == ("third", "open")


@pytest.mark.fault(37)
async def test_a_migration_killed_half_way_is_finished_by_the_next_one_and_then_there_is_none(
    kafka: KafkaCluster | ExternalKafka, database: Dsn, tmp_path: Path
) -> None:
    with roles_on_kafka(
        tmp_path,
        database_url=database.url(),
        bootstrap_servers=kafka.bootstrap_servers,
        prefix=new_prefix(),
        configuration=configuration(NOWHERE),
    ) as roles:
        roles.environment |= SECRETS.environment()
        await _migrated_half_way(roles, database)
        half_way = await roles.command("migrate", "--check")
        assert half_way.code == 5, half_way.said
        assert "missing v" in half_way.said

        finished = await roles.command("migrate")
        assert finished.code == 0, finished.said
        assert "applied v" in finished.said
        again = await roles.command("migrate")
        assert again.said == "The schema and the topics are as this version needs them.\n"
        role = await roles.start("triage")
        assert await role.stop() == 0


async def _drafted(scene: Scene) -> set[str]:
    query = "SELECT comment_id FROM engagement WHERE draft_state <> 'waiting'"
    return {row["comment_id"] for row in await scene.ledger.rows(query)}


async def _migrated_half_way(roles: Roles, database: Dsn) -> None:
    """Killed in the middle of a migration, after at least one and before the last."""
    connection = await asyncpg.connect(database.url())
    try:
        migrating = roles.launch_command("migrate")
        while not await connection.fetchval("SELECT to_regclass($1)", VERSION_TABLE):  # noqa: ASYNC110
            await asyncio.sleep(0)
        async with connection.transaction():
            # Each migration writes its name here at its end: the next one waits for us.
            await connection.execute(f"LOCK TABLE {VERSION_TABLE} IN ACCESS EXCLUSIVE MODE")
            await eventually(lambda: _waits(connection), bool)
            migrating.kill()
    finally:
        await connection.close()


async def _waits(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE relation = $1::regclass AND NOT granted"
    return bool(await connection.fetchval(query, VERSION_TABLE))


async def _written(scene: Scene, *records: NewRecord) -> None:
    options = KafkaOptions(bootstrap_servers=scene.servers, topic_prefix=scene.wire(""))
    writer = KafkaLogWriter(options)
    try:
        for record in records:
            await writer.append([record])
    finally:
        await writer.stop()


def _record(
    name: str,
    *,
    kind: str = EngagementReceived.type,
    extra: dict[str, object] | None = None,
) -> NewRecord:
    data = {
        "comment_id": name,
        "thread_id": "thread",
        "text": f"How do I export notebook {name} with all its pictures?",
        "author": {"id": f"author-{name}", "name": "Ann"},
        "published_at": datetime.now(UTC).isoformat(),  # noqa: TID251 - the world's
    } | (extra or {})
    value = json.dumps(data).encode()
    return NewRecord(EngagementReceived.topic, b"forum/thread", value, _headers(kind))


def _headers(kind: str) -> tuple[tuple[str, bytes], ...]:
    return (("ce_type", kind.encode()), ("ce_source", SOURCE.encode()))
