"""A writer behind a writer."""

import pytest

from responder.drafting.fallback import TECHNICAL, FallbackDraftWriter
from responder.drafting.ports import DraftRefused, DraftRequest, Proposal, Provenance
from responder.engagement.errors import RateLimited, Unavailable
from responder.testing.drafting import QUESTION, draft_request
from responder.testing.scripted import Line, ScriptedDraftWriter

SECOND = ScriptedDraftWriter([Line("planner", "It does.")])
KNOWS_NOTHING = ScriptedDraftWriter([])


class Raises:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def write(self, request: DraftRequest) -> Proposal:
        self.asked = request
        raise self.error


def refusal(reason: str) -> DraftRefused:
    return DraftRefused(
        reason=reason,
        explanation="Not like this.",
        provenance=Provenance(writer="openai/9", attempts=("openai/9: first try",)),
    )


@pytest.mark.parametrize(
    "error",
    [
        Unavailable(what="the model", why="down"),
        RateLimited(what="the model", after_seconds=60),
    ],
)
async def test_what_is_away_is_replaced_and_told(error: Exception) -> None:
    proposal = await FallbackDraftWriter(Raises(error), SECOND).write(draft_request())
    assert proposal.text == "It does."
    assert proposal.provenance.attempts == (str(error),)


@pytest.mark.parametrize("reason", sorted(TECHNICAL))
async def test_a_technical_refusal_is_replaced_with_every_try_told(reason: str) -> None:
    proposal = await FallbackDraftWriter(Raises(refusal(reason)), SECOND).write(draft_request())
    assert proposal.provenance.writer == "scripted/1"
    assert proposal.provenance.attempts == ("openai/9: first try", "openai/9: Not like this.")


@pytest.mark.parametrize("reason", ["no_knowledge", "not_wanted", "ungrounded", "promotion"])
async def test_a_refusal_for_the_comments_sake_is_final(reason: str) -> None:
    with pytest.raises(DraftRefused) as refused:
        await FallbackDraftWriter(Raises(refusal(reason)), SECOND).write(draft_request())
    assert refused.value.reason == reason


async def test_when_both_have_nothing_the_second_says_why_and_the_first_is_told() -> None:
    down = Raises(Unavailable(what="the model", why="down"))
    with pytest.raises(DraftRefused) as refused:
        await FallbackDraftWriter(down, KNOWS_NOTHING).write(draft_request())
    assert refused.value.reason == "no_knowledge"
    assert refused.value.provenance is not None
    assert len(refused.value.provenance.attempts) == 1


async def test_a_script_leaves_the_rest_to_another_writer() -> None:
    writer = ScriptedDraftWriter([Line("harbour bus", "Line 4.")], otherwise=SECOND)
    assert (await writer.write(draft_request("The bus to the harbour?"))).text == "Line 4."
    assert (await writer.write(draft_request(QUESTION))).text == "It does."
