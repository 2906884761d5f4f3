"""What a comment does, from the signals it shows.

Numbers are degrees of belief of a rule, not calibrated probabilities; they order intents and mark
what is only guessed. A guess never ends anything.
"""

from responder.engagement.model import Intent
from responder.triage.facets import leading
from responder.triage.findings import Findings
from responder.triage.lexicon.signals import Signal
from responder.triage.reading import Reading

MODEL = "intents/2"

LIKELY = 0.5
_SHORT = 12
_LONG = 60
_ARGUMENT = 5
_DENSITY = 0.03
_OUTWEIGHS = 2
"""So much argument outweighs one mention of a fault."""

_SIGNALS = {
    Intent.CRISIS: Signal.ALARM,
    Intent.COMPLAINT: Signal.FAULT,
    Intent.CORRECTION: Signal.DISAGREES,
    Intent.QUESTION: Signal.ASKS,
    Intent.PURCHASE_INTEREST: Signal.WANTS,
    Intent.SUGGESTION: Signal.SUGGESTS,
    Intent.PARTNERSHIP: Signal.PARTNERS,
    Intent.THANKS: Signal.THANKS,
    Intent.PRAISE: Signal.LIKES,
    Intent.SHARE: Signal.SHARES,
    Intent.SMALL_TALK: Signal.GREETS,
    Intent.ABUSE: Signal.ABUSE,
}
_FOR_US = frozenset(
    {Intent.CRISIS, Intent.COMPLAINT, Intent.CORRECTION, Intent.QUESTION, Intent.SUGGESTION}
)


def intents(reading: Reading, found: Findings, *, promotes: bool) -> dict[Intent, float]:
    """Every likely intent with its degree; never empty."""
    degrees = {
        Intent.CRISIS: 0.95 * found.has(Signal.ALARM),
        Intent.COMPLAINT: _complaint(found),
        Intent.CORRECTION: _correction(found),
        Intent.QUESTION: _question(found),
        Intent.PURCHASE_INTEREST: 0.85 * found.has(Signal.WANTS),
        Intent.SUGGESTION: 0.8 * found.has(Signal.SUGGESTS),
        Intent.PARTNERSHIP: 0.7 * found.has(Signal.PARTNERS),
        Intent.THANKS: _thanks(found),
        Intent.PRAISE: _praise(found),
        Intent.SHARE: _share(reading, found),
        Intent.SMALL_TALK: 0.55 * found.has(Signal.GREETS),
    }
    _settle_long_disagreement(degrees, found)
    likely = {i: p for i, p in degrees.items() if p >= LIKELY}
    if promotes and not _FOR_US.intersection(likely):
        return {Intent.SPAM: 0.7}
    return likely or _guess(found)


def primary(likely: dict[Intent, float]) -> Intent:
    return leading(likely)


def evidence(intent: Intent, found: Findings) -> list[tuple[int, int]]:
    """Where the text shows it, in the reading's offsets."""
    if intent is Intent.QUESTION and not found.has(Signal.ASKS):
        return list(found.question_marks)
    if intent is Intent.COMPLAINT and not found.has(Signal.FAULT):
        return found.evidence(Signal.MISHAP) or found.evidence(Signal.FAULT)
    signal = _SIGNALS.get(intent)
    return [] if signal is None else found.evidence(signal)


def _guess(found: Findings) -> dict[Intent, float]:
    """Nothing is likely. What the mood and the form of the sentence suggest, if anything."""
    if found.has(Signal.ABUSE):
        return {Intent.ABUSE: 0.8}
    if found.has(Signal.BAD) and not found.has(Signal.GOOD):
        return {Intent.COMPLAINT: LIKELY}
    if _may_complain(found):
        return {Intent.COMPLAINT: LIKELY}
    if found.hints(Signal.ASKS):
        return {Intent.QUESTION: LIKELY}
    return {Intent.OTHER: LIKELY}


def _may_complain(found: Findings) -> bool:
    """Something of ours, something counter, somebody concerned: each says little, all do."""
    parts = (Signal.DEALS, Signal.MISHAP, Signal.CONCERNS)
    return all(found.hints(part) for part in parts) and not found.has(Signal.GOOD)


def _complaint(found: Findings) -> float:
    if found.has(Signal.SOLVED) and found.has(Signal.THANKS):
        return 0.3
    if found.has(Signal.FAULT):
        return min(0.95, 0.85 + 0.03 * found.count(Signal.FAULT))
    if found.has(Signal.MISHAP):
        return min(0.8, 0.65 + 0.05 * found.count(Signal.MISHAP))
    hints = found.hints(Signal.FAULT) + found.negated_likes + found.frowns
    pleased = found.has(Signal.LIKES) or found.has(Signal.THANKS) or found.has(Signal.ASKS)
    return min(0.75, 0.3 * hints) if not pleased else 0.1 * hints


def _correction(found: Findings) -> float:
    if found.has(Signal.DISAGREES) and (found.words < _LONG or _argues(found)):
        return min(0.95, 0.8 + 0.05 * found.count(Signal.DISAGREES))
    # A long text that keeps weighing one thing against another argues, even politely.
    return 0.75 if _argues(found) else 0.1 * min(found.hints(Signal.DISAGREES), 3)


def _argues(found: Findings) -> bool:
    """Is it long, and does it keep reasoning? One *however* in a story does not argue."""
    weight = _weight_of_argument(found)
    return found.words >= _LONG and weight >= max(_ARGUMENT, _DENSITY * found.words)


def _weight_of_argument(found: Findings) -> int:
    return 2 * found.count(Signal.DISAGREES) + found.hints(Signal.DISAGREES)


def _question(found: Findings) -> float:
    if found.has(Signal.WANTS):
        return 0.6 if found.count(Signal.ASKS) > 1 else 0.5
    if found.has(Signal.ASKS):
        sure = found.question_marks or found.words < _LONG
        return 0.9 if sure or found.count(Signal.ASKS) > 1 else 0.6
    if found.question_marks and found.words:
        # Who complains or argues asks in anger, who suggests asks politely.
        spoken_for = (Signal.FAULT, Signal.DISAGREES, Signal.SUGGESTS, Signal.GREETS)
        return 0.6 if any(found.has(s) for s in spoken_for) else 0.85
    return 0.0


def _thanks(found: Findings) -> float:
    if not found.has(Signal.THANKS):
        return 0.0
    if found.has(Signal.MISHAP) and not found.has(Signal.SOLVED):
        return 0.6  # "thanks in advance"
    return 0.9 if found.has(Signal.SOLVED) or found.words <= _SHORT else 0.75


def _praise(found: Findings) -> float:
    if found.has(Signal.LIKES):
        return 0.8 if found.words < _LONG else 0.6
    pleased = found.hints(Signal.LIKES) + found.smiles
    greets = found.has(Signal.GREETS)
    if (
        found.words <= _SHORT
        and pleased
        and not greets
        and not found.hints(Signal.FAULT)
        and not found.frowns
        and not found.negated_likes
    ):
        return 0.6
    return 0.0


def _share(reading: Reading, found: Findings) -> float:
    if found.has(Signal.SHARES):
        return 0.75 if reading.links or reading.handles else 0.6
    return 0.55 if reading.links and (reading.handles or found.words <= _SHORT) else 0.0


def _settle_long_disagreement(degrees: dict[Intent, float], found: Findings) -> None:
    """A reasoned text speaks of many things; what it does is disagree."""
    if not _argues(found):
        return
    for other, signal in ((Intent.CRISIS, Signal.ALARM), (Intent.COMPLAINT, Signal.FAULT)):
        if _weight_of_argument(found) > _OUTWEIGHS * found.count(signal):
            degrees[other] = min(degrees[other], degrees[Intent.CORRECTION] - 0.15)
    for other in (Intent.QUESTION, Intent.SUGGESTION, Intent.PARTNERSHIP, Intent.PURCHASE_INTEREST):
        degrees[other] = min(degrees[other], degrees[Intent.CORRECTION] - 0.15)
