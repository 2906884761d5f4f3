"""While the broker is away: pushes are refused at once, and nothing has to be started again."""

import asyncio
import json
import statistics
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from responder.adapters.postgres.dsn import Dsn
from responder.testing.kafka import KafkaCluster, running_kafka
from responder.testing.roles import Roles, roles_on_kafka
from tests.e2e.kafka.conftest import NOWHERE, new_prefix
from tests.e2e.kafka.kit import (
    SECRETS,
    Comment,
    Ledger,
    Sender,
    comment,
    comments,
    configuration,
    session,
    standard_headers,
)

pytestmark = pytest.mark.kafka

SENDERS = 8
PUSH_SECONDS = 1.5
"""Within this a gateway answers, whatever its log does."""


@pytest.fixture(scope="module")
def mortal_kafka(kafka_jars: Path) -> Iterator[KafkaCluster]:
    """A broker to be killed; each test leaves it up."""
    with running_kafka(kafka_jars) as cluster:
        yield cluster


@pytest.fixture
def installation(mortal_kafka: KafkaCluster, database: Dsn, tmp_path: Path) -> Iterator[Roles]:
    with roles_on_kafka(
        tmp_path,
        database_url=database.url(),
        bootstrap_servers=mortal_kafka.bootstrap_servers,
        prefix=new_prefix(),
        configuration=configuration(NOWHERE),
    ) as roles:
        roles.environment |= SECRETS.environment()
        yield roles


async def test_pushes_are_refused_at_once_while_kafka_is_away_and_taken_when_it_is_back(
    installation: Roles, mortal_kafka: KafkaCluster, database: Dsn
) -> None:
    assert (await installation.command("migrate")).code == 0
    gateway, triage = installation.launch("gateway"), installation.launch("triage")
    for role in (gateway, triage):
        await role.ready()
    async with session() as http:
        sender = Sender(gateway.url, http)
        await sender.push_standard(comment("before"))

        mortal_kafka.freeze()
        await _are_refused_at_once(gateway.url, http)
        mortal_kafka.thaw()
        await sender.push_standard(comment("thawed"))

        mortal_kafka.kill()
        await _are_refused_at_once(gateway.url, http)
        await gateway.answers("readyz", 200)  # or a balancer would answer in its place
        mortal_kafka.launch()
        await mortal_kafka.ready()
        await sender.push_all(comments("after", 6), comments("after-news", 2))

    ledger = Ledger(database.url())
    await ledger.holds_all(sender.acknowledged)
    assert (await gateway.stop(), await triage.stop()) == (0, 0)


async def test_a_role_waits_for_kafka_unready_and_can_be_stopped_meanwhile(
    installation: Roles, mortal_kafka: KafkaCluster
) -> None:
    assert (await installation.command("migrate")).code == 0
    leaving = await installation.start("triage", "audit")
    mortal_kafka.kill()
    waiting = installation.launch("drafting")
    assert await leaving.stop() == 0

    await waiting.answers("readyz", 503)
    await waiting.answers("livez", 200)
    mortal_kafka.launch()
    await mortal_kafka.ready()
    await waiting.ready()
    assert await waiting.stop() == 0


async def _are_refused_at_once(url: str, http: aiohttp.ClientSession) -> None:
    """Many senders push again and again; each time each is told to come back later."""
    seconds: list[float] = []

    async def push(number: int) -> None:
        for turn in range(4):
            said = comment(f"refused-{number}-{turn}")
            seconds.append(await _refused_after(url, http, json.dumps(_event(said))))

    await asyncio.gather(*(push(number) for number in range(SENDERS)))
    assert statistics.median(seconds) < PUSH_SECONDS
    assert max(seconds) < 3 * PUSH_SECONDS  # the machine may have other things to do


async def _refused_after(url: str, http: aiohttp.ClientSession, body: str) -> float:
    """In seconds, how long it took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    address = f"{url}/in/forum/{SECRETS.address}"
    async with http.post(address, data=body.encode(), headers=standard_headers(body)) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    return loop.time() - started


def _event(said: Comment) -> dict[str, object]:
    return {
        "type": "engagement.received.v1",
        "timestamp": said["published_at"],
        "data": said,
    }
