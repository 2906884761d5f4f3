"""Drafts without a model: one true sentence from what we know, in a few words of courtesy.

No key, no network, no chance: the same request always gives the same text. What it says about the
matter is quoted verbatim from a passage; where no passage answers, it says nothing.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from responder.drafting.checks import Checks, Verdict
from responder.drafting.guards.draft import Draft, Sentence
from responder.drafting.guards.gives import given
from responder.drafting.guards.language import LanguageDetector
from responder.drafting.knowledge import Library, Match, excerpt
from responder.drafting.phrases import PHRASES, Phrases, Variants
from responder.drafting.ports import DraftRefused, DraftRequest, Passage, Proposal, Provenance
from responder.drafting.tongue import reply_language
from responder.drafting.wanted import refuse_unwanted
from responder.engagement.model import Intent, Motive
from responder.engagement.workspace import Knowledge, Voice

WRITER = "template/1"

_QUOTE_LIMIT = 300
_TRIES = 3
_COURTESIES = frozenset({Intent.THANKS, Intent.PRAISE})


class TemplateDraftWriter:
    """Implements `DraftWriter`. Pure in effect."""

    def __init__(
        self,
        *,
        knowledge: Sequence[Knowledge],
        voice: Voice,
        detector: LanguageDetector,
        default_language: str = "en",
    ) -> None:
        self._library = Library(knowledge)
        self._voice = voice
        self._detector = detector
        self._checks = Checks(detector)
        self._default_language = default_language

    async def write(self, request: DraftRequest) -> Proposal:
        """Propose one reply; see `DraftWriter.write`. Never raises a Retryable."""
        refuse_unwanted(request, WRITER)
        matches = self._library.answers(request, limit=_TRIES)
        language = self._language(request, matches)
        if request.understanding.intent in _COURTESIES:
            return self._first_good(request, language, _courtesies(request, PHRASES[language]))
        if not matches:
            raise _refused("no_knowledge", "Nothing we know answers this.")
        return self._first_good(request, language, self._quotations(request, matches, language))

    def _language(self, request: DraftRequest, matches: Sequence[Match]) -> str:
        known = matches[0].snippet.text if matches else ""
        language = reply_language(
            request, self._detector, default=self._default_language, known=known
        )
        if language not in PHRASES:
            raise _refused("wrong_language", f"There are no phrases for a reply in {language}.")
        return language

    def _quotations(
        self, request: DraftRequest, matches: Sequence[Match], language: str
    ) -> "Iterable[_Attempt]":
        for match in matches:
            quote = excerpt(match, language, limit=min(_QUOTE_LIMIT, request.limit))
            if quote is None:
                continue
            # The next variant where the first already stands in the thread, less where it is long.
            for turn in range(_TRIES):
                yield self._polite(match, quote, request, language, turn=turn)
            yield _bare(match, quote)

    def _polite(
        self, match: Match, quote: str, request: DraftRequest, language: str, *, turn: int
    ) -> "_Attempt":
        phrases, snippet = PHRASES[language], match.snippet
        openings = phrases.openings[Motive(request.understanding.motive.value)]
        opening = self._voice.openings.get(language) or _pick(openings, request, turn)
        closing = self._voice.closings.get(language) or _pick(phrases.closings, request, turn)
        answer = Sentence(text=quote, kind="answer", cites=(snippet.id,))
        sentences = [Sentence(text=opening, kind="empathy"), answer]
        if snippet.url:
            source = f"{phrases.more} {snippet.url}"
            sentences.append(Sentence(text=source, kind="source", cites=(snippet.id,)))
        sentences.append(Sentence(text=closing, kind="empathy"))
        return _Attempt(tuple(sentences), snippet.quoted(quote), self._voice.signature)

    def _first_good(
        self, request: DraftRequest, language: str, attempts: "Iterable[_Attempt]"
    ) -> Proposal:
        verdict: Verdict | None = None
        for attempt in attempts:
            draft = _as_draft(attempt, request, language)
            verdict = self._checks.judge(draft)
            if verdict.objection is None:
                return Proposal(text=draft.text, provenance=_provenance(attempt, draft, verdict))
        if verdict is None or verdict.objection is None:
            raise _refused("no_knowledge", "Nothing we know answers this in a few sentences.")
        raise _refused(verdict.objection.reason, verdict.objection.explanation, verdict)


@dataclass(frozen=True, slots=True)
class _Attempt:
    sentences: tuple[Sentence, ...]
    passage: Passage | None
    signature: str = ""

    @property
    def text(self) -> str:
        said = " ".join(s.text for s in self.sentences if s.kind != "source")
        sources = [s.text for s in self.sentences if s.kind == "source"]
        return "\n".join(part for part in (said, *sources, self.signature) if part)


def _courtesies(request: DraftRequest, phrases: Phrases) -> Iterable[_Attempt]:
    thanks = request.understanding.intent is Intent.THANKS
    variants = phrases.thanked if thanks else phrases.praised
    for turn in range(len(variants)):
        text = _pick(variants, request, turn)
        yield _Attempt((Sentence(text=text, kind="thanks"),), None)


def _bare(match: Match, quote: str) -> _Attempt:
    """Where little room is: the sentence alone."""
    sentence = Sentence(text=quote, kind="answer", cites=(match.snippet.id,))
    return _Attempt((sentence,), match.snippet.quoted(quote))


def _pick(variants: Variants, request: DraftRequest, turn: int) -> str:
    """By the engagement's id: neighbours differ, and a repeated request does not."""
    digest = hashlib.sha256(request.engagement_id.bytes).digest()
    return variants[(digest[0] + turn) % len(variants)]


def _as_draft(attempt: _Attempt, request: DraftRequest, language: str) -> Draft:
    return Draft(
        sentences=attempt.sentences,
        text=attempt.text,
        language=language,
        limit=request.limit,
        comment=request.comment.text,
        intents=frozenset(request.understanding.intents),
        offered=(attempt.passage,) if attempt.passage else (),
        earlier=tuple(c.text for c in request.branch if c.is_own),
    )


def _provenance(attempt: _Attempt, draft: Draft, verdict: Verdict) -> Provenance:
    return Provenance(
        writer=WRITER,
        passages=(attempt.passage,) if attempt.passage else (),
        gives=given(draft),
        checks=verdict.checks,
    )


def _refused(reason: str, explanation: str, verdict: Verdict | None = None) -> DraftRefused:
    checks = verdict.checks if verdict else ()
    return DraftRefused(
        reason=reason,
        explanation=explanation,
        provenance=Provenance(writer=WRITER, checks=checks),
    )
