"""Sentiment, urgency and motive: by small rules, or `unknown`."""

from responder.engagement.model import Intent, Motive, Sentiment, Urgency
from responder.triage.findings import Findings
from responder.triage.lexicon.signals import Signal

MODEL = "feelings/2"

_CALM = frozenset(
    {Intent.PRAISE, Intent.THANKS, Intent.SHARE, Intent.SMALL_TALK, Intent.SPAM, Intent.ABUSE}
)
_MAY_WARN = frozenset({Intent.COMPLAINT, Intent.CRISIS, Intent.CORRECTION, Intent.OTHER})
_MOTIVES = {
    Intent.QUESTION: Motive.TO_LEARN,
    Intent.PURCHASE_INTEREST: Motive.TO_LEARN,
    Intent.COMPLAINT: Motive.TO_BE_HEARD,
    Intent.CORRECTION: Motive.TO_BE_HEARD,
    Intent.PRAISE: Motive.TO_THANK,
    Intent.THANKS: Motive.TO_THANK,
    Intent.SUGGESTION: Motive.TO_PROPOSE,
    Intent.PARTNERSHIP: Motive.TO_PROPOSE,
    Intent.SHARE: Motive.TO_BELONG,
    Intent.SMALL_TALK: Motive.TO_BELONG,
    Intent.CRISIS: Motive.TO_GET_HELP,
}


def sentiment(found: Findings) -> Sentiment:
    pleased = 2 * found.count(Signal.LIKES) + found.count(Signal.GOOD) + found.smiles
    pleased += 2 * found.has(Signal.THANKS)
    hurt = 2 * (found.count(Signal.FAULT) + found.count(Signal.ABUSE) + found.count(Signal.ALARM))
    hurt += (
        found.count(Signal.MISHAP)
        + found.count(Signal.BAD)
        + found.frowns
        + 2 * found.negated_likes
    )
    if hurt > pleased or (hurt and found.has(Signal.FAULT) and not found.has(Signal.SOLVED)):
        return Sentiment.NEGATIVE
    if pleased > 2 * hurt:
        return Sentiment.POSITIVE
    asks = found.question_marks or found.has(Signal.ASKS) or found.has(Signal.WANTS)
    return Sentiment.NEUTRAL if asks and not hurt else Sentiment.UNKNOWN


def urgency(found: Findings, primary: Intent) -> Urgency:
    """Danger, law and leaked data first, whatever else the comment does."""
    if found.has(Signal.ALARM):
        return Urgency.NOW
    if primary in _CALM:
        return Urgency.LOW
    return Urgency.SOON if found.has(Signal.HURRY) else Urgency.NORMAL


def motive(found: Findings, primary: Intent) -> Motive:
    if found.has(Signal.WARNS) and primary in _MAY_WARN:
        return Motive.TO_WARN
    asks = found.has(Signal.ASKS) or bool(found.question_marks)
    if primary is Intent.COMPLAINT and asks:
        return Motive.TO_GET_HELP
    if primary is Intent.QUESTION and found.hints(Signal.FAULT):
        return Motive.TO_GET_HELP
    return _MOTIVES.get(primary, Motive.UNKNOWN)
