"""A broker, a database and an installation of one's own on them."""

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from responder.adapters.postgres.dsn import Dsn
from responder.testing.kafka import ExternalKafka, KafkaCluster
from responder.testing.postgres import TestServer
from responder.testing.roles import Roles, roles_on_kafka
from tests.e2e.kafka.kit import SECRETS, configuration

NUMBERS = itertools.count(1)
NOWHERE = "http://127.0.0.1:9/"
"""For tests that deliver nothing: the discard port (RFC 863)."""


def new_prefix() -> str:
    return f"e2e-{os.getpid()}-{next(NUMBERS)}."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_database(postgres_server: TestServer) -> AsyncIterator[Dsn]:
    """A fresh empty database for all tests of a module."""
    fresh = await postgres_server.fresh()
    yield fresh
    await postgres_server.drop(fresh)


@pytest.fixture
def installation(
    kafka: KafkaCluster | ExternalKafka, database: Dsn, tmp_path: Path
) -> Iterator[Roles]:
    """On the broker of the run; neither schema nor topics are there."""
    with roles_on_kafka(
        tmp_path,
        database_url=database.url(),
        bootstrap_servers=kafka.bootstrap_servers,
        prefix=new_prefix(),
        configuration=configuration(NOWHERE),
    ) as roles:
        roles.environment |= SECRETS.environment()
        yield roles
