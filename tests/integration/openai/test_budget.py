"""Row 28: many comments at once, a model that charges for each, and a budget for the day."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.models.language import Py3LangidDetector
from responder.adapters.postgres.engine import make_engine, transaction
from responder.adapters.postgres.token_budget import PostgresTokenBudget, read_tokens_left
from responder.drafting.fallback import FallbackDraftWriter
from responder.drafting.ports import DraftRefused, DraftWriter
from responder.drafting.template import TemplateDraftWriter
from responder.engagement.errors import Retryable, Unavailable
from responder.engagement.workspace import Voice
from responder.testing.drafting import GARDEN, OFFLINE, draft_request
from responder.testing.hostile_model import HostileModel, Step, drips, reply, status
from responder.testing.ledger import migrated
from responder.testing.postgres import TestServer
from responder.testing.token_budget import MemoryTokenBudget
from tests.integration.openai.conftest import WriterFor

STORM = 60
USED = 2_000
ALLOWED = 20_000
ANSWER = reply(
    ("The planner works offline once a garden has been opened on the device.", "answer", ["K1"])
)


def charges(tokens: int | None, *, content: str = ANSWER) -> Step:
    """Answer well, and say that the call came to so many tokens, half of them read."""

    async def step(_request: web.Request, _body: Mapping[str, Any]) -> web.StreamResponse:
        message = {"role": "assistant", "content": content}
        answer: dict[str, Any] = {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": "dear-1",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        }
        if tokens is not None:
            half = tokens // 2
            answer["usage"] = {"prompt_tokens": half, "completion_tokens": tokens - half}
        return web.json_response(answer)

    return step


@pytest_asyncio.fixture
async def engine(postgres_server: TestServer) -> AsyncIterator[AsyncEngine]:
    database = await postgres_server.fresh(await postgres_server.template("ledger", migrated))
    opened = make_engine(database.url())
    yield opened
    await opened.dispose()
    await postgres_server.drop(database)


@pytest.fixture
def template(detector: Py3LangidDetector) -> DraftWriter:
    return TemplateDraftWriter(knowledge=[OFFLINE], voice=Voice(), detector=detector)


@pytest.mark.fault(28)
async def test_a_storm_of_comments_costs_what_is_allowed_and_the_template_writes_the_rest(
    engine: AsyncEngine, writer_for: WriterFor, template: DraftWriter
) -> None:
    async with HostileModel(charges(USED)) as model:
        first, second = (
            FallbackDraftWriter(
                writer_for(model.url, budget=PostgresTokenBudget(engine, tokens_per_day=ALLOWED)),
                template,
            )
            for _ in range(2)  # two processes share one budget
        )
        drafts = await asyncio.gather(
            *(
                (first, second)[number % 2].write(draft_request(number=number))
                for number in range(STORM)
            )
        )
    by_model = [each for each in drafts if each.provenance.model == "dear-1"]
    by_template = [each for each in drafts if each.provenance.writer.startswith("template/")]
    assert len(by_model) + len(by_template) == STORM
    assert 0 < len(model.requests) * USED <= ALLOWED
    assert all("used up its tokens" in each.provenance.attempts[0] for each in by_template)
    async with transaction(engine) as connection:
        left = await read_tokens_left(connection)
    assert left == {GARDEN.id: pytest.approx(1 - len(by_model) * USED / ALLOWED)}


async def test_a_call_whose_cost_nobody_tells_counts_as_the_most_it_can_have_come_to(
    writer_for: WriterFor,
) -> None:
    budget = MemoryTokenBudget()
    async with HostileModel(charges(None)) as model:
        await writer_for(model.url, budget=budget).write(draft_request())
        asked = sum(len(each["content"].encode()) for each in model.requests[0]["messages"])
    assert budget.used[GARDEN.id] > asked


@pytest.mark.parametrize("code", [403, 429, 500])
async def test_a_call_that_is_refused_costs_nothing(writer_for: WriterFor, code: int) -> None:
    """An outage of the model may last for hours, and must not use up the day."""
    budget = MemoryTokenBudget()
    async with HostileModel(status(code, headers={"Retry-After": "60"})) as model:
        with pytest.raises(Retryable):
            await writer_for(model.url, budget=budget).write(draft_request())
    assert budget.used[GARDEN.id] == 0


async def test_a_model_that_is_not_there_costs_nothing(writer_for: WriterFor) -> None:
    budget = MemoryTokenBudget()
    async with HostileModel() as model:
        url = model.url
    with pytest.raises(Unavailable):
        await writer_for(url, budget=budget).write(draft_request())
    assert budget.used[GARDEN.id] == 0


async def test_a_call_that_breaks_off_may_have_cost_all(writer_for: WriterFor) -> None:
    budget = MemoryTokenBudget()
    async with HostileModel(drips(every_seconds=0.05)) as model:
        with pytest.raises(Unavailable):
            await writer_for(model.url, budget=budget, attempt_seconds=0.2).write(draft_request())
    assert budget.used[GARDEN.id] > 0


async def test_the_second_call_for_a_draft_is_within_the_budget_too(writer_for: WriterFor) -> None:
    """The first answer is of no use, and what is left does not cover another call."""
    a_call = MemoryTokenBudget()
    async with HostileModel(charges(None)) as model:
        await writer_for(model.url, budget=a_call).write(draft_request())
    one_and_a_bit = MemoryTokenBudget(a_call.used[GARDEN.id] + USED - 1)
    async with HostileModel(charges(USED, content="no draft")) as model:
        writer = writer_for(model.url, budget=one_and_a_bit)
        with pytest.raises(DraftRefused, match="used up its tokens") as refused:
            await writer.write(draft_request())
        assert len(model.requests) == 1
    assert refused.value.reason == "unavailable"
    assert refused.value.provenance is not None
    assert len(refused.value.provenance.attempts) == 1
