"""A writer on whatever server a test starts."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from responder.adapters.models.language import Py3LangidDetector
from responder.adapters.openai.endpoint import Endpoint, ModelParameters
from responder.adapters.openai.writer import OpenAIDraftWriter
from responder.adapters.system import SystemClock, SystemIds, SystemRandom
from responder.drafting.ports import TokenBudget
from responder.engagement.workspace import Voice
from responder.testing.drafting import OFFLINE
from responder.testing.token_budget import MemoryTokenBudget

KEY = "sk-planted-key-0123456789"

WriterFor = Callable[..., OpenAIDraftWriter]


@pytest.fixture(scope="session")
def detector() -> Py3LangidDetector:
    return Py3LangidDetector()


@pytest_asyncio.fixture
async def writer_for(detector: Py3LangidDetector) -> AsyncIterator[WriterFor]:
    """`writer_for(url, attempt_seconds=…)`; closed at the end of the test."""
    async with AsyncExitStack() as stack:

        def make(
            url: str,
            *,
            attempt_seconds: float = 30.0,
            draft_seconds: float = 60.0,
            budget: TokenBudget | None = None,
        ) -> OpenAIDraftWriter:
            parameters = ModelParameters(model="gpt-4o", attempt_seconds=attempt_seconds)
            endpoint = Endpoint(base_url=url, api_key=KEY, parameters=parameters)
            stack.push_async_callback(endpoint.close)
            clock = SystemClock()
            return OpenAIDraftWriter(
                endpoint=endpoint,
                knowledge=[OFFLINE],
                voice=Voice(name="Arbor Team"),
                detector=detector,
                clock=clock,
                ids=SystemIds(clock),
                random=SystemRandom(1),
                budget=budget or MemoryTokenBudget(),
                draft_seconds=draft_seconds,
            )

        yield make
