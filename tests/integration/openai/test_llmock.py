"""Against llmock, a server of another make with faults of its own, and its verdict on our client."""

import pytest
from llmock.pytest_plugin import LLMock

from responder.adapters.models.language import Py3LangidDetector
from responder.adapters.resilience import Breaker, BreakingDraftWriter
from responder.adapters.system import SystemClock
from responder.drafting.fallback import FallbackDraftWriter
from responder.drafting.ports import DraftRefused
from responder.drafting.template import TemplateDraftWriter
from responder.engagement.errors import RateLimited, Unavailable
from responder.engagement.workspace import Voice
from responder.testing.drafting import OFFLINE, draft_request
from responder.testing.hostile_model import reply
from tests.integration.openai.conftest import WriterFor

GOOD = reply(
    ("The planner works offline once a garden has been opened on the device.", "answer", ["K1"])
)


async def test_it_fills_our_schema_and_the_checks_still_stand(
    llmock: LLMock, writer_for: WriterFor
) -> None:
    """Its words fit the schema and mean nothing: only the checks can tell."""
    with pytest.raises(DraftRefused) as refused:
        await writer_for(llmock.base_url()).write(draft_request())
    assert refused.value.reason not in {"invalid_output", "unavailable"}


async def test_a_limit_is_waited_for_and_the_client_behaves(
    llmock: LLMock, writer_for: WriterFor
) -> None:
    llmock.rate_limit(times=1, retry_after=0.2).reply(GOOD)
    proposal = await writer_for(llmock.base_url()).write(draft_request())
    assert proposal.text
    assert "wait" in proposal.provenance.attempts[0]
    llmock.assert_resilient()


@pytest.mark.fault(25)
async def test_an_outage_is_tried_twice_and_no_more(llmock: LLMock, writer_for: WriterFor) -> None:
    llmock.outage()
    with pytest.raises(RateLimited):  # its 503 says when to come back
        await writer_for(llmock.base_url()).write(draft_request())
    llmock.assert_resilient()
    assert len(llmock.requests) == 2


@pytest.mark.fault(26)
async def test_a_slow_answer_is_left_at_the_deadline(llmock: LLMock, writer_for: WriterFor) -> None:
    llmock.delay(1.0, times=None)
    with pytest.raises(Unavailable):
        await writer_for(llmock.base_url(), attempt_seconds=0.2).write(draft_request())


@pytest.mark.fault(25)
async def test_a_quota_is_told_with_its_wait(llmock: LLMock, writer_for: WriterFor) -> None:
    llmock.rate_limit(times=None, retry_after=60)
    with pytest.raises(RateLimited) as limited:
        await writer_for(llmock.base_url()).write(draft_request())
    assert limited.value.after_seconds == 60


@pytest.mark.fault(25)
async def test_while_the_model_is_down_every_comment_still_gets_a_draft(
    llmock: LLMock, writer_for: WriterFor, template: TemplateDraftWriter
) -> None:
    llmock.rate_limit(times=None, retry_after=60)  # so that nobody waits for a second try
    breaker = Breaker(SystemClock())
    model = BreakingDraftWriter(writer_for(llmock.base_url()), breaker=breaker)
    writer = FallbackDraftWriter(model, template)
    proposals = [await writer.write(draft_request(number=n)) for n in range(8)]
    assert {p.provenance.writer for p in proposals} == {"template/1"}
    assert all(p.provenance.attempts for p in proposals)
    assert len(llmock.requests) == 5
    assert breaker.is_open


@pytest.fixture
def template(detector: Py3LangidDetector) -> TemplateDraftWriter:
    return TemplateDraftWriter(knowledge=[OFFLINE], voice=Voice(), detector=detector)
