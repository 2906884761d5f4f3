"""The contract of `DraftWriter`: one suite for every writer, whatever stands behind it.

Subclass it and give a `writer` fixture that knows the passage `OFFLINE` of
`responder.testing.drafting` (or, where it is scripted, has an answer to `QUESTION`).
"""

import pytest

from responder.drafting.ports import DraftRefused, DraftWriter
from responder.engagement.model import Intent, NeedsReply
from responder.testing.drafting import QUESTION, draft_request, understood


class DraftWriterContract:
    async def test_a_question_that_knowledge_answers_gets_a_reply(
        self, writer: DraftWriter
    ) -> None:
        proposal = await writer.write(draft_request(QUESTION))
        assert proposal.text.strip()
        assert proposal.provenance.writer
        assert proposal.provenance.gives

    async def test_asking_again_is_harmless(self, writer: DraftWriter) -> None:
        first = await writer.write(draft_request(QUESTION))
        second = await writer.write(draft_request(QUESTION))
        assert first.text == second.text

    async def test_a_reply_never_exceeds_the_limit(self, writer: DraftWriter) -> None:
        for limit in (1, 40, 90, 160, 400):
            text = await _text_or_nothing(writer, limit)
            assert len(text) <= limit

    async def test_nobody_is_named(self, writer: DraftWriter) -> None:
        request = draft_request(QUESTION)
        proposal = await writer.write(request)
        author = request.comment.author
        for name in (*author.name.split(), author.handle or author.id):
            assert name not in proposal.text

    async def test_what_nobody_waits_for_is_refused(self, writer: DraftWriter) -> None:
        nobody = understood(Intent.SPAM, needs_reply=NeedsReply.NO)
        with pytest.raises(DraftRefused) as refused:
            await writer.write(draft_request(understanding=nobody))
        assert refused.value.reason == "not_wanted"

    async def test_a_danger_is_left_to_a_person(self, writer: DraftWriter) -> None:
        with pytest.raises(DraftRefused):
            await writer.write(draft_request(understanding=understood(Intent.CRISIS)))

    async def test_what_nothing_known_answers_is_refused_with_the_reason(
        self, writer: DraftWriter
    ) -> None:
        with pytest.raises(DraftRefused) as refused:
            await writer.write(draft_request("Which bus goes to the harbour on Sundays?"))
        assert refused.value.reason == "no_knowledge"
        assert refused.value.explanation


async def _text_or_nothing(writer: DraftWriter, limit: int) -> str:
    """A writer that cannot be that short says so."""
    try:
        return (await writer.write(draft_request(QUESTION, limit=limit))).text
    except DraftRefused:
        return ""
