"""Every writer keeps the contract."""

from collections.abc import AsyncIterator

import pytest
from llmock.pytest_plugin import LLMock

from responder.adapters.models.language import Py3LangidDetector
from responder.adapters.openai.endpoint import Endpoint, ModelParameters
from responder.adapters.openai.writer import OpenAIDraftWriter
from responder.adapters.resilience import Breaker, BreakingDraftWriter
from responder.adapters.system import SystemClock, SystemIds, SystemRandom
from responder.drafting.fallback import FallbackDraftWriter
from responder.drafting.ports import DraftRequest, DraftWriter, Proposal
from responder.drafting.template import TemplateDraftWriter
from responder.engagement.errors import Unavailable
from responder.engagement.workspace import Voice
from responder.testing.contracts.draft_writer import DraftWriterContract
from responder.testing.drafting import OFFLINE
from responder.testing.hostile_model import reply
from responder.testing.scripted import Line, ScriptedDraftWriter
from responder.testing.token_budget import MemoryTokenBudget

ANSWER = "The planner works offline once a garden has been opened on the device."


@pytest.fixture(scope="module")
def detector() -> Py3LangidDetector:
    return Py3LangidDetector()


@pytest.fixture
def template(detector: Py3LangidDetector) -> TemplateDraftWriter:
    return TemplateDraftWriter(knowledge=[OFFLINE], voice=Voice(), detector=detector)


class Down:
    async def write(self, request: DraftRequest) -> Proposal:
        raise Unavailable(what="the model", why=f"nobody is there for {request.source.id}")


class TestTemplate(DraftWriterContract):
    @pytest.fixture
    def writer(self, template: TemplateDraftWriter) -> DraftWriter:
        return template


class TestScripted(DraftWriterContract):
    @pytest.fixture
    def writer(self) -> DraftWriter:
        return ScriptedDraftWriter([Line("planner offline", ANSWER)])


class TestFallback(DraftWriterContract):
    @pytest.fixture
    def writer(self, template: TemplateDraftWriter) -> DraftWriter:
        return FallbackDraftWriter(Down(), template)


class TestBreaking(DraftWriterContract):
    @pytest.fixture
    def writer(self, template: TemplateDraftWriter) -> DraftWriter:
        return BreakingDraftWriter(template, breaker=Breaker(SystemClock()))


class TestOpenAI(DraftWriterContract):
    """On llmock, a real server of another make, answering with one scripted draft."""

    @pytest.fixture
    async def writer(
        self, llmock: LLMock, detector: Py3LangidDetector
    ) -> AsyncIterator[DraftWriter]:
        llmock.reply(reply((ANSWER, "answer", ["K1"])), times=None)
        clock = SystemClock()
        endpoint = Endpoint(
            base_url=llmock.base_url(), api_key=None, parameters=ModelParameters(model="gpt-4o")
        )
        yield OpenAIDraftWriter(
            endpoint=endpoint,
            knowledge=[OFFLINE],
            voice=Voice(),
            detector=detector,
            budget=MemoryTokenBudget(),
            clock=clock,
            ids=SystemIds(clock),
            random=SystemRandom(1),
        )
        await endpoint.close()
