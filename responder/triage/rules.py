"""The first classifier: rules and a language detector, nothing learned, nothing fetched.

Three rules may close a comment, reversibly, each exact: `empty`, `share_without_words` and
`spam_rule`. Everything else is a judgement for a person to see, with the words that show it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from responder.engagement.legible import fold
from responder.engagement.model import (
    DismissalReason,
    Intent,
    Judged,
    Motive,
    NeedsReply,
    Sentiment,
    Understanding,
    Urgency,
)
from responder.triage import adverts, facets, feelings, intents, shares, silence
from responder.triage.findings import Findings, find
from responder.triage.lexicon.signals import Signal
from responder.triage.ports import LanguageDetector, Readable
from responder.triage.reading import Reading, read

_EXACT = 1.0
_GUESSED = 0.6
_UNKNOWN = 0.5
_SPANS = 3
_SHORTEST_TITLE = 8
_READ = 6_000
"""Characters that are read. What comes after shows nothing, and so closes nothing."""
_OF_RULE = {
    DismissalReason.EMPTY: (silence.MODEL, Intent.OTHER),
    DismissalReason.SHARE_WITHOUT_WORDS: (shares.MODEL, Intent.SHARE),
    DismissalReason.SPAM_RULE: (adverts.MODEL, Intent.SPAM),
}


@dataclass(frozen=True, slots=True)
class _Case:
    """One comment, as far as it is read."""

    readable: Readable
    reading: Reading
    found: Findings
    language: Judged


class RuleClassifier:
    """Implements `Classifier`. Pure: the same comment always gives the same understanding."""

    def __init__(self, *, detector: LanguageDetector, spam_keywords: Sequence[str] = ()) -> None:
        self._detector = detector
        self._adverts = adverts.Adverts(spam_keywords)

    async def classify(self, batch: Sequence[Readable]) -> Sequence[Understanding]:
        return [self.understand(each) for each in batch]

    def understand(self, readable: Readable) -> Understanding:
        reading = _without_title(read(readable.text[:_READ]), readable)
        tag, probability = self._detector.detect(reading.spoken)
        language = Judged(tag, probability, "linear", self._detector.model)
        case = _Case(readable, reading, find(reading, tag), language)
        reason = self._closing_rule(case)
        if reason:
            return _closed(case, reason)
        return _open(case, promotes=adverts.is_promotion(reading, case.found))

    def _closing_rule(self, case: _Case) -> DismissalReason | None:
        if len(case.readable.text) > _READ:
            return None
        if silence.is_empty(case.reading, case.readable):
            return DismissalReason.EMPTY
        if case.readable.has_attachments:
            return None
        if shares.is_share_without_words(case.reading, case.readable, case.found):
            return DismissalReason.SHARE_WITHOUT_WORDS
        if self._adverts.is_signed_compliment(case.reading, case.readable, case.found):
            return DismissalReason.SPAM_RULE
        return None


def _without_title(reading: Reading, readable: Readable) -> Reading:
    """What the page's title asks or says, the author does not."""
    title = fold((readable.page_title or "").strip())
    if len(title) < _SHORTEST_TITLE:
        return reading
    return replace(reading, own=reading.own.replace(title, " " * len(title)))


def _closed(case: _Case, reason: DismissalReason) -> Understanding:
    model, intent = _OF_RULE[reason]
    return Understanding(
        primary=_rule(intent, _EXACT, model),
        intents=(intent,),
        needs_reply=_rule(NeedsReply.NO, _EXACT, model),
        motive=_rule(Motive.UNKNOWN, _UNKNOWN, model),
        sentiment=_rule(Sentiment.UNKNOWN, _UNKNOWN, model),
        language=case.language,
        urgency=_rule(Urgency.LOW, _EXACT, model),
        dismiss_by_rule=reason,
    )


def _open(case: _Case, *, promotes: bool) -> Understanding:
    likely = intents.intents(case.reading, case.found, promotes=promotes)
    primary = intents.primary(likely)
    shown = _shown(case, intents.evidence(primary, case.found))
    motive = feelings.motive(case.found, primary)
    feeling = feelings.sentiment(case.found)
    urgency = feelings.urgency(case.found, primary)
    alarm = _shown(case, case.found.evidence(Signal.ALARM)) if urgency is Urgency.NOW else ()
    return Understanding(
        primary=Judged(primary.value, likely[primary], "rule", intents.MODEL, shown),
        intents=tuple(sorted(likely, key=lambda i: (i is not primary, -likely[i], i.value))),
        needs_reply=_rule(_needs_reply(case, primary), likely[primary], intents.MODEL),
        motive=_rule(motive, _sure(motive is Motive.UNKNOWN), feelings.MODEL),
        sentiment=_rule(feeling, _sure(feeling is Sentiment.UNKNOWN), feelings.MODEL),
        language=case.language,
        urgency=Judged(urgency.value, _sure(not alarm), "rule", feelings.MODEL, alarm),
    )


def _needs_reply(case: _Case, primary: Intent) -> NeedsReply:
    needed = facets.needs_reply(primary)
    must_be_seen = primary in {Intent.COMPLAINT, Intent.CRISIS, Intent.CORRECTION}
    if needed is NeedsReply.YES and not must_be_seen and _is_to_another(case):
        return NeedsReply.OPTIONAL
    return needed


def _is_to_another(case: _Case) -> bool:
    """Opens with the handle of a reader who is not one of us."""
    names = [fold(n).lstrip("@").replace(" ", "") for n in case.readable.own_names]
    opens = case.reading.folded.lstrip()
    if not names or not opens.startswith("@") or not case.reading.handles:
        return False
    called = [h.replace(" ", "") for h in case.reading.handles]
    return not any(n in h or h in n for n in names for h in called)


def _shown(case: _Case, spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple(case.reading.legible.span(a, b) for a, b in sorted(spans)[:_SPANS])


def _rule(value: str, probability: float, model: str) -> Judged:
    return Judged(str(value), probability, "rule", model)


def _sure(is_unknown: bool) -> float:  # noqa: FBT001 - one private question
    return _UNKNOWN if is_unknown else _GUESSED
