"""The chosen model changes while drafts are being written."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import web

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine
from responder.adapters.system import SystemClock, SystemIds, SystemRandom
from responder.app.configuration import Configuration, parse
from responder.app.current import Current
from responder.app.health import Health
from responder.app.keys import EnvironmentKeys
from responder.app.logs import Logs
from responder.app.parts import Parts
from responder.app.places import Connector, Places
from responder.app.writers import CurrentWriter
from responder.drafting.ports import Proposal
from responder.settings import Settings
from responder.telemetry.metrics import Metrics
from responder.testing.drafting import draft_request
from responder.testing.hostile_model import HostileModel, Step, reply, says
from responder.testing.ledger import migrated
from responder.testing.postgres import TestServer

GOOD = says(reply(("The planner works offline.", "answer", ["K1"])), model="first")
OTHER = says(reply(("The planner works offline.", "answer", ["K1"])), model="second")
CONFIGURATION = """
[openai]
base_url = "{url}"
model = "{model}"

[[knowledge]]
id = "offline"
title = "Using the planner offline"
text = "The planner works offline once a garden has been opened on the device."
language = "en"
"""


class _Gate:
    """A step that begins an answer and ends it when the test lets it."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self.begun = asyncio.Event()
        self.opened = asyncio.Event()

    async def answer(self, request: web.Request, body: Mapping[str, Any]) -> web.StreamResponse:
        self.begun.set()
        await self.opened.wait()
        return await self._step(request, body)


def _configured(model: HostileModel, name: str) -> Configuration:
    return parse(CONFIGURATION.format(url=model.url, model=name), Path("responder.toml"))


@pytest_asyncio.fixture
async def ledger(postgres_server: TestServer) -> AsyncIterator[Dsn]:
    """What the models may still use is counted there."""
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    yield database
    await postgres_server.drop(database)


@asynccontextmanager
async def _writer(
    database: Dsn, configuration: Configuration
) -> AsyncIterator[tuple[CurrentWriter, Current]]:
    """As a process has it."""
    clock, settings, metrics = SystemClock(), Settings(), Metrics()
    ids, engine, current = SystemIds(clock), make_engine(database.url()), Current(configuration)
    parts = Parts(
        settings=settings,
        clock=clock,
        ids=ids,
        random=SystemRandom(1),
        metrics=metrics,
        health=Health(clock, metrics),
        engine=engine,
        database_url=database.url(),
        logs=Logs(settings, database_url=database.url(), clock=clock, ids=ids),
        current=current,
        places=Places(),
        connector=Connector(keys=EnvironmentKeys(settings.source), clock=clock, guestbook_url=None),
    )
    writer = CurrentWriter(parts)
    yield writer, current
    await writer.close()
    await engine.dispose()


def _by(proposal: Proposal) -> tuple[str | None, tuple[str, ...]]:
    """The model, and what was tried in vain before."""
    return proposal.provenance.model, proposal.provenance.attempts


async def test_a_draft_that_is_being_written_is_ended_by_the_model_that_began_it(
    ledger: Dsn,
) -> None:
    gate = _Gate(GOOD)
    async with (
        HostileModel(gate.answer) as first,
        HostileModel(OTHER) as second,
        _writer(ledger, _configured(first, "first")) as (writer, current),
    ):
        begun = asyncio.create_task(writer.write(draft_request()))
        await gate.begun.wait()
        current.change(_configured(second, "second"))
        after = await writer.write(draft_request(number=2))
        gate.opened.set()
        before = await begun
    assert _by(before) == ("first", ())
    assert _by(after) == ("second", ())
    assert (len(first.requests), len(second.requests)) == (1, 1)


async def test_the_connections_to_a_model_end_with_the_last_draft_that_it_writes(
    ledger: Dsn,
) -> None:
    gate = _Gate(GOOD)
    async with (
        HostileModel(gate.answer) as first,
        HostileModel(OTHER) as second,
        _writer(ledger, _configured(first, "first")) as (writer, current),
    ):
        begun = [asyncio.create_task(writer.write(draft_request(number=n))) for n in (1, 2)]
        await gate.begun.wait()
        current.change(_configured(second, "second"))
        await writer.write(draft_request(number=3))
        gate.opened.set()
        await asyncio.gather(*begun)
        async with asyncio.timeout(30):
            while first.connections:  # noqa: ASYNC110 - no event tells us
                await asyncio.sleep(0.01)
        assert len(first.requests) == 2
