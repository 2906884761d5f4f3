"""Drafts by a model behind an OpenAI-compatible server, checked before anybody sees them."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from openai.types.chat import ChatCompletionMessageParam

from responder.adapters.openai.endpoint import Completion, Endpoint, NotTaken
from responder.drafting import prompt
from responder.drafting.checks import Checks, Verdict
from responder.drafting.guards.draft import Draft
from responder.drafting.guards.gives import given
from responder.drafting.guards.grounding import unsupported
from responder.drafting.guards.language import LanguageDetector
from responder.drafting.knowledge import Library
from responder.drafting.output import Answer, read_answer
from responder.drafting.ports import (
    DraftRefused,
    DraftRequest,
    Passage,
    Proposal,
    Provenance,
    TokenBudget,
)
from responder.drafting.prompt import Marks, Prompt
from responder.drafting.tongue import reply_language
from responder.drafting.wanted import refuse_unwanted
from responder.engagement.errors import Malformed, RateLimited, Retryable, Unavailable
from responder.engagement.ports import Clock, Ids, Random
from responder.engagement.workspace import Knowledge, Voice

WRITER = f"openai/{prompt.VERSION}"

_PASSAGES = 8
_LONGEST_WAIT_SECONDS = 10.0
_JITTER_SECONDS = (0.1, 0.6)
_WITHOUT_SOURCE = frozenset({"thanks", "praise", "small_talk", "share"})


@dataclass(eq=False, kw_only=True)
class _Rejected(Exception):
    """An answer that cannot be used; named to the model in the second call."""

    reason: str
    explanation: str
    provenance: Provenance


class OpenAIDraftWriter:
    """Implements `DraftWriter`. At most two calls for a draft, within `draft_seconds` together.

    (A server that does not know a way of asking is asked in a plainer one: that is no call yet.)
    The second call is either a retry of what failed in transport or a repair of an answer that did
    not pass, naming the check; never both.
    """

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        knowledge: Sequence[Knowledge],
        voice: Voice,
        detector: LanguageDetector,
        clock: Clock,
        ids: Ids,
        random: Random,
        budget: TokenBudget,
        draft_seconds: float = 60.0,
        default_language: str = "en",
    ) -> None:
        self._endpoint = endpoint
        self._library = Library(knowledge)
        self._voice = voice
        self._detector = detector
        self._checks = Checks(detector)
        self._clock = clock
        self._ids = ids
        self._random = random
        self._budget = budget
        self._draft_seconds = draft_seconds
        self._default_language = default_language

    async def write(self, request: DraftRequest) -> Proposal:
        """Propose one reply; see `DraftWriter.write`."""
        refuse_unwanted(request, WRITER)
        asked = self._ask(request)
        try:
            async with asyncio.timeout(self._draft_seconds):
                return await self._write(request, asked)
        except TimeoutError:
            raise Unavailable(what="the model", why="it took too long") from None

    async def _write(self, request: DraftRequest, asked: Prompt) -> Proposal:
        messages = _messages(asked)
        try:
            return self._proposal(request, asked, await self._complete(request, messages))
        except Retryable as failure:
            await self._wait(failure)
            repair, tried = messages, f"{WRITER}: {failure}"
        except _Rejected as rejected:
            repair = [*messages, _complaint(rejected)]
            tried = f"{WRITER}: {rejected.explanation}"
        try:
            completion = await self._complete(request, repair, tried)
            proposal = self._proposal(request, asked, completion)
        except _Rejected as rejected:
            raise _refused(rejected, tried) from None
        return replace(proposal, provenance=replace(proposal.provenance, attempts=(tried,)))

    async def _complete(
        self, request: DraftRequest, messages: Sequence[ChatCompletionMessageParam], *tried: str
    ) -> Completion:
        """One call, within the budget; of one that breaks off nobody knows what it came to."""
        most = self._endpoint.most_tokens(messages)
        reserved = await self._budget.reserve(request.source.id, most)
        if reserved is None:
            raise _over_budget(tried)
        try:
            completion = await self._endpoint.complete(messages)
        except (RateLimited, NotTaken):
            with suppress(Retryable):
                await self._budget.settle(reserved, 0)
            raise
        if completion.input_tokens is not None and completion.output_tokens is not None:
            used = completion.input_tokens + completion.output_tokens
            with suppress(Retryable):  # what was paid for is worth more than the count
                await self._budget.settle(reserved, used)
        return completion

    def _ask(self, request: DraftRequest) -> Prompt:
        passages = [m.snippet.quoted(m.snippet.text) for m in self._library.near(request)]
        if not passages and request.understanding.intent not in _WITHOUT_SOURCE:
            raise DraftRefused(
                reason="no_knowledge",
                explanation="Nothing we know answers this.",
                provenance=Provenance(writer=WRITER),
            )
        secret = self._ids.secret(16).hex()
        marks = Marks(
            nonce=secret[:16],
            canary=secret[16:],
            joint=self._random.choice(prompt.MARKS),
        )
        language = self._language(request)
        return prompt.build(
            request, passages[:_PASSAGES], voice=self._voice, language=language, marks=marks
        )

    def _language(self, request: DraftRequest) -> str:
        return reply_language(request, self._detector, default=self._default_language)

    async def _wait(self, failure: Retryable) -> None:
        """A little, so that many do not come back at once; as long as asked, where it is short."""
        wait = self._random.uniform(*_JITTER_SECONDS)
        if isinstance(failure, RateLimited):
            if failure.after_seconds > _LONGEST_WAIT_SECONDS:
                raise failure
            wait += failure.after_seconds
        await self._clock.sleep(wait)

    def _proposal(self, request: DraftRequest, asked: Prompt, came: Completion) -> Proposal:
        provenance = self._provenance(came)
        answer = _read(came, provenance)
        draft = self._draft(request, asked, answer)
        verdict = self._checks.judge(draft)
        provenance = _judged(provenance, draft, verdict)
        if verdict.objection is not None:
            raise _Rejected(
                reason=verdict.objection.reason,
                explanation=verdict.objection.explanation,
                provenance=provenance,
            )
        return Proposal(text=draft.text, provenance=provenance)

    def _draft(self, request: DraftRequest, asked: Prompt, answer: Answer) -> Draft:
        return Draft(
            sentences=answer.as_sentences(),
            text=answer.text,
            language=self._language(request),
            limit=request.limit,
            comment=request.comment.text,
            intents=frozenset(request.understanding.intents),
            offered=asked.offered,
            secrets=asked.secrets,
            instructions=asked.system,
            earlier=tuple(c.text for c in request.branch if c.is_own),
        )

    def _provenance(self, came: Completion) -> Provenance:
        return Provenance(
            writer=WRITER,
            model=came.model or None,
            endpoint=self._endpoint.host,
            input_tokens=came.input_tokens,
            output_tokens=came.output_tokens,
        )


def _messages(asked: Prompt) -> list[ChatCompletionMessageParam]:
    return [
        {"role": "system", "content": asked.system},
        {"role": "user", "content": asked.user},
    ]


def _complaint(rejected: _Rejected) -> ChatCompletionMessageParam:
    content = f"Your last answer was not used: {rejected.explanation} Answer again, differently."
    return {"role": "user", "content": content}


def _read(came: Completion, provenance: Provenance) -> Answer:
    if came.refusal is not None:
        raise _model_declined(provenance)
    if came.finish_reason not in {"stop", ""}:
        why = f"The model stopped early ({came.finish_reason[:20]})."
        raise _Rejected(reason="invalid_output", explanation=why, provenance=provenance)
    try:
        answer = read_answer(came.content)
    except Malformed as malformed:
        raise _Rejected(
            reason="invalid_output", explanation=str(malformed), provenance=provenance
        ) from None
    if answer.refusal is not None:
        raise DraftRefused(
            reason=answer.refusal,
            explanation="The model found nothing in what we know that answers this.",
            provenance=provenance,
        )
    return answer


def _judged(provenance: Provenance, draft: Draft, verdict: Verdict) -> Provenance:
    cited: tuple[Passage, ...] = draft.cited
    return replace(
        provenance,
        passages=cited,
        unsupported=unsupported(draft),
        gives=given(draft),
        checks=verdict.checks,
    )


def _over_budget(tried: tuple[str, ...]) -> DraftRefused:
    return DraftRefused(
        reason="unavailable",
        explanation="The model has used up its tokens for this source and day.",
        provenance=Provenance(writer=WRITER, attempts=tried),
    )


def _model_declined(provenance: Provenance) -> DraftRefused:
    return DraftRefused(
        reason="model_declined",
        explanation="The model declined to write this.",
        provenance=provenance,
    )


def _refused(rejected: _Rejected, tried: str) -> DraftRefused:
    return DraftRefused(
        reason=rejected.reason,
        explanation=rejected.explanation,
        provenance=replace(rejected.provenance, attempts=(tried,)),
    )
