"""A console over a ledger whose queues have targets with tiers and office hours, and one without."""

from collections.abc import AsyncIterator
from datetime import time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import aiohttp
import pytest_asyncio

from responder.adapters.system import SystemClock
from responder.engagement.model import Intent, Urgency
from responder.engagement.workspace import OfficeHours, Queue, Route, SlaPolicy, Step, Tier
from responder.testing.console import API_TOKEN, ConsoleBench, open_console
from responder.testing.factories import workspace
from responder.testing.ledger import migrated, open_bench
from responder.testing.postgres import TestServer
from tests.integration.console.kit import Reader, reading

OFFICE = OfficeHours(
    "office",
    ZoneInfo("Europe/Berlin"),
    MappingProxyType({day: ((time(9), time(12)), (time(13), time(18))) for day in range(7)}),
)
POLICIES = (
    SlaPolicy(
        "first-reply",
        timedelta(hours=5),
        OFFICE,
        tiers=(Tier(target=timedelta(hours=1), urgencies=frozenset({Urgency.NOW})),),
        may_be_stopped=True,
        steps=(Step(name="soon", offset=timedelta(minutes=-90)),),
    ),
    SlaPolicy("a-day", timedelta(hours=26), objective=0.8),
)
CONFIGURATION = workspace(
    queues=MappingProxyType(
        {
            "default": Queue("default", "Inbox", "first-reply"),
            "leads": Queue("leads", "Leads", "a-day"),
            "calm": Queue("calm", "Calm"),
        }
    ),
    policies=MappingProxyType({each.name: each for each in POLICIES}),
    routes=(
        Route(queue="calm", intents=frozenset({Intent.PRAISE, Intent.THANKS})),
        Route(queue="leads", intents=frozenset({Intent.COMPLAINT, Intent.PURCHASE_INTEREST})),
    ),
)


@pytest_asyncio.fixture
async def console(postgres_server: TestServer) -> AsyncIterator[ConsoleBench]:
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    async with open_bench(database, CONFIGURATION) as bench:
        # What is open is as old as the database's clock says.
        bench.clock.time = SystemClock().now()
        async with open_console(bench, seals=False) as opened:
            yield opened
    await postgres_server.drop(database)


@pytest_asyncio.fixture
async def ana(console: ConsoleBench) -> AsyncIterator[Reader]:
    async with reading(console.url) as reader:
        await reader.sign_in(await console.link())
        yield reader


@pytest_asyncio.fixture
async def api(console: ConsoleBench) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    async with aiohttp.ClientSession(f"{console.url}/api/v1/", headers=headers) as session:
        yield session
