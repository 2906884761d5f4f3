"""One watched system for all tests: each breaks something and mends it again."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from responder.testing.faulty_proxy import FaultyProxy
from responder.testing.isso import IssoServer
from responder.testing.postgres import TestServer, running_server
from responder.testing.prometheus import (
    PrometheusUnavailable,
    configured,
    hurried,
    prometheus_program,
    running_prometheus,
)
from responder.testing.roles import Roles
from responder.testing.webhook_receiver import WebhookReceiver
from tests.e2e.alerts.kit import (
    HURRY,
    RULES,
    STAGES,
    WEBHOOK_SECRET,
    Watched,
    configuration,
    environment,
)


@pytest.fixture(scope="module")
def prometheus() -> Path:
    """Where it is; without it the test is skipped, and in CI fails."""
    try:
        return prometheus_program()
    except PrometheusUnavailable as missing:
        if os.environ.get("CI") == "true":  # noqa: TID251 - where the tests run decides
            pytest.fail(f"CI must not go without a real Prometheus: {missing}")
        pytest.skip(f"NO REAL PROMETHEUS: {missing}")


@pytest.fixture(scope="module")
def own_server() -> Iterator[TestServer]:
    """A PostgreSQL that tests may kill."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssoServer]:
    with IssoServer(tmp_path_factory.mktemp("blog"), guard=False) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(
    prometheus: Path,
    own_server: TestServer,
    blog: IssoServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    database_url = (await own_server.fresh()).url()
    (folder / "rules.yml").write_text(hurried(RULES.read_text(encoding="utf-8"), HURRY))
    async with (
        WebhookReceiver(WEBHOOK_SECRET) as receiver,
        FaultyProxy(blog.url) as way_to_blog,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http,
        running_prometheus(prometheus, folder, configured(["rules.yml"], by=HURRY)) as seeing,
    ):
        file = folder / "responder.toml"
        file.write_text(configuration(receiver.url, way_to_blog.url, blog.site))
        roles = Roles(folder, environment(file, database_url))
        try:
            migrated = await roles.command("migrate")
            assert migrated.code == 0, migrated.said
            stages, auditor = roles.launch(*STAGES), roles.launch("audit")
            for each in (stages, auditor):
                await each.ready()
            running = Watched(
                server=own_server,
                database_url=database_url,
                roles=roles,
                stages=stages,
                auditor=auditor,
                prometheus=seeing,
                blog=blog,
                way_to_blog=way_to_blog,
                http=http,
            )
            running.show_prometheus()
            yield running
        finally:
            roles.kill_all()
