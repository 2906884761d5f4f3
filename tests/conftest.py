"""Fixtures for every test that needs a real PostgreSQL or a real Apache Kafka."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from responder.adapters.postgres.dsn import Dsn
from responder.testing.kafka import (
    ExternalKafka,
    KafkaCluster,
    KafkaUnavailable,
    fetch_jars,
    running_kafka,
)
from responder.testing.postgres import TestServer, running_server

pytest_plugins = ["tests.chaos.plugin"]
pytest.register_assert_rewrite("responder.testing.contracts")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    """One embedded server for the whole run; `.dsn` is its address."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def _mortal_server() -> Iterator[TestServer]:
    with running_server() as server:
        yield server


@pytest_asyncio.fixture
async def mortal_server(_mortal_server: TestServer) -> TestServer:
    """Another server, up at first, which a test may stop, kill, and make hang."""
    if not _mortal_server.is_up:  # a test that failed has left it down
        await _mortal_server.start()
    return _mortal_server


@pytest_asyncio.fixture
async def database(postgres_server: TestServer) -> AsyncIterator[Dsn]:
    """A fresh empty database; `.url()` for asyncpg, `.url("postgresql+asyncpg")` for SQLAlchemy."""
    fresh = await postgres_server.fresh()
    yield fresh
    await postgres_server.drop(fresh)


@pytest.fixture(scope="session")
def kafka_jars() -> Path:
    """What a broker of our own is run from; without it the test is skipped, and in CI fails."""
    try:
        return fetch_jars(Path(__file__).parent / "brokers" / "pom.xml", _user_cache())
    except KafkaUnavailable as missing:
        if os.environ.get("CI") == "true":  # noqa: TID251 - a test run has no settings
            pytest.fail(f"CI must not go without a real Kafka: {missing}")
        pytest.skip(f"NO REAL KAFKA: {missing}")


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Iterator[KafkaCluster | ExternalKafka]:
    """One broker for the whole run; `.bootstrap_servers` is its address."""
    if existing := os.environ.get("RESPONDER_TEST_KAFKA"):  # noqa: TID251 - a test run has no settings
        yield ExternalKafka(existing)
    else:
        with running_kafka(request.getfixturevalue("kafka_jars")) as cluster:
            yield cluster


def _user_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")  # noqa: TID251 - a test run has no settings
    return Path(home or Path.home() / ".cache") / "responder"
