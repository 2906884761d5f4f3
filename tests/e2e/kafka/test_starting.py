"""What a role needs before it starts, how it says what is missing, and how it stops."""

import asyncio

import pytest

from responder.adapters.postgres.dsn import Dsn
from responder.testing.roles import Roles
from tests.e2e.kafka.kit import Ledger

pytestmark = pytest.mark.kafka

MISCONFIGURED = 3
FOUND_SOMETHING = 5


async def test_a_role_does_not_start_on_the_schema_of_an_older_version(
    installation: Roles,
) -> None:
    role = installation.launch("triage")
    assert await role.ended() == MISCONFIGURED
    assert "older than this version; run: responder migrate" in role.said


async def test_a_role_says_which_topics_are_missing_and_the_command_that_makes_them(
    installation: Roles,
) -> None:
    prefix = installation.environment["RESPONDER_KAFKA__TOPIC_PREFIX"]
    assert (await installation.command("migrate")).code == 0
    installation.environment["RESPONDER_KAFKA__TOPIC_PREFIX"] = "elsewhere-" + prefix

    role = installation.launch("gateway")
    assert await role.ended() == MISCONFIGURED
    assert f"elsewhere-{prefix}engagement.received" in role.said
    assert "make them with: responder migrate" in role.said


async def test_migrate_makes_schema_and_topics_and_the_second_time_finds_nothing_to_do(
    installation: Roles, database: Dsn
) -> None:
    missing = await installation.command("migrate", "--check")
    assert missing.code == FOUND_SOMETHING
    assert "engagement.received" in missing.said

    first = await installation.command("migrate")
    assert first.code == 0
    assert "applied " in first.said
    assert "made the topic" in first.said
    assert await Ledger(database.url()).states() == []

    second = await installation.command("migrate")
    assert second.code == 0
    assert second.said == "The schema and the topics are as this version needs them.\n"


async def test_every_role_is_ready_once_it_has_joined_and_ends_well_when_it_is_told_to(
    installation: Roles,
) -> None:
    assert (await installation.command("migrate")).code == 0
    doors = installation.launch("gateway", "console")
    stages = installation.launch("triage", "drafting", "delivery")
    rest = installation.launch("relay", "sla", "reconcile", "audit")
    for role in (doors, stages, rest):
        await role.ready()
        assert await role.probe("livez") == 200
    assert set(await asyncio.gather(doors.stop(), stages.stop(), rest.stop())) == {0}
