"""Which signals a comment shows, how strongly, and where."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from responder.triage.lexicon.de import GERMAN
from responder.triage.lexicon.en import ENGLISH
from responder.triage.lexicon.es import SPANISH
from responder.triage.lexicon.fr import FRENCH
from responder.triage.lexicon.signals import Lexicon, Signal
from responder.triage.reading import Reading

LEXICONS = {one.language: one for one in (ENGLISH, GERMAN, SPANISH, FRENCH)}

_FEW_WORDS = 6
_NEGATED = re.compile(
    r"(?:\bnot|\bnone of|n't|\bno|\bnever|\bhardly|\bnicht|\bkeine?[nrsm]?|\bnie|\bpas|\bjamais|\bni|\bsin|\bnada|\bnunca)"
    r"(?: (?:so|very|really|that|all that|a|an|the|wirklich|sehr|besonders|gerade|muy|tan|tres|si|vraiment|un|una|une))?"
    r" $"
)
_NEGATED_WITHIN = 24
_REST_ASKS = re.compile(r"[^.!?\n]*\?")
_TURNS = re.compile(
    r"\b(?:but|however|until|unfortunately|sadly|yet|though|aber|leider|doch|jedoch|bis|pero|hasta"
    r"|lamentablemente|desgraciadamente)\b"
)
"""After praise, the other side comes."""
_POSITIVE_PICTURES = frozenset(
    "👍❤♥💚💙💛💜🧡🖤🤍🤎😍🥰😊🙂😀😃😄😁👏🙌🎉🎊💪🔥✨⭐🌟🤩😻💯🥳☺😘🙏👌🤗💐🌹🏆"
)
_NEGATIVE_PICTURES = frozenset("👎😡🤬😠💩😤😞😢😭🤮🤢😒🙄😩😫💔🖕☹🙁😖😣")


@dataclass(frozen=True, slots=True)
class Findings:
    strong: dict[Signal, list[tuple[int, int]]] = field(default_factory=dict)
    weak: dict[Signal, list[tuple[int, int]]] = field(default_factory=dict)
    negated_likes: int = 0
    question_marks: tuple[tuple[int, int], ...] = ()
    words: int = 0
    smiles: int = 0
    frowns: int = 0

    def has(self, signal: Signal) -> bool:
        return bool(self.strong.get(signal))

    def count(self, signal: Signal) -> int:
        return len(self.strong.get(signal, ()))

    def hints(self, signal: Signal) -> int:
        return len(self.weak.get(signal, ()))

    def evidence(self, signal: Signal) -> list[tuple[int, int]]:
        return self.strong.get(signal) or self.weak.get(signal) or []


def find(reading: Reading, language: str) -> Findings:
    text = reading.own
    found = Findings(
        question_marks=tuple(m.span() for m in re.finditer(r"[?\uff1f\u061f]", text)),
        words=len(reading.words),
        smiles=sum(map(_POSITIVE_PICTURES.__contains__, reading.legible.text)),
        frowns=sum(map(_NEGATIVE_PICTURES.__contains__, reading.legible.text)),
    )
    negated = 0
    for lexicon in _lexicons(language, found.words):
        negated += _collect(found, lexicon, text)
    told = [m for m in found.strong.get(Signal.MISHAP, ()) if _is_told(m, text, found)]
    return Findings(
        strong={**found.strong, Signal.MISHAP: told},
        weak=found.weak,
        negated_likes=negated,
        question_marks=found.question_marks,
        words=found.words,
        smiles=found.smiles,
        frowns=found.frowns,
    )


def _is_told(mishap: tuple[int, int], text: str, found: Findings) -> bool:
    """Does it say that it happened? It does not where it is asked, or where all is praise."""
    start, end = mishap
    if _REST_ASKS.match(text, end):
        return False
    praise = [after for _, after in found.strong.get(Signal.LIKES, ()) if after <= start]
    if praise:
        return _TURNS.search(text[max(praise) : start]) is not None
    return not found.strong.get(Signal.LIKES)


def _lexicons(language: str, words: int) -> Sequence[Lexicon]:
    """A few words show no language reliably, and an unknown one may borrow."""
    if language in LEXICONS and words > _FEW_WORDS:
        return (LEXICONS[language],)
    return tuple(LEXICONS.values())


def _collect(found: Findings, lexicon: Lexicon, text: str) -> int:
    """Adds what the lexicon finds; gives how many likes are negated."""
    negated = 0
    for cue, match in lexicon.matches(text):
        if cue.signal in _CAN_BE_NEGATED[cue.is_strong] and _is_negated(match.start(), text):
            negated += cue.is_strong and cue.signal is Signal.LIKES
        else:
            kind = found.strong if cue.is_strong else found.weak
            kind.setdefault(cue.signal, []).append(match.span())
    return negated


def _is_negated(start: int, text: str) -> bool:
    return _NEGATED.search(text[max(0, start - _NEGATED_WITHIN) : start]) is not None


_CAN_BE_NEGATED = {
    True: frozenset({Signal.LIKES, Signal.GOOD, Signal.BAD, Signal.FAULT, Signal.MISHAP}),
    False: frozenset({Signal.LIKES}),
}
"""By whether the cue is strong."""
