"""What words can signal, and the shape of a language's list of them.

Patterns are regular expressions over folded text (lower case, accents off, straight apostrophes;
`ß` stays), matched at word boundaries. *Strong* ones carry a judgement alone; *weak* ones only
together. Everything here was written for this project; no list or data set was taken over.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from responder.triage.lexicon.starts import LENGTH, starts

_PLACES = re.compile(r"(?<!\w)")


class Signal(StrEnum):
    ASKS = "asks"
    FAULT = "fault"
    DEALS = "deals"
    CONCERNS = "concerns"
    MISHAP = "mishap"
    """It happened to them; no word complains."""
    DISAGREES = "disagrees"
    LIKES = "likes"
    THANKS = "thanks"
    WANTS = "wants"
    SUGGESTS = "suggests"
    PARTNERS = "partners"
    ALARM = "alarm"
    ABUSE = "abuse"
    GREETS = "greets"
    SHARES = "shares"
    WARNS = "warns"
    HURRY = "hurry"
    SOLVED = "solved"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """All that shows one signal in one language, strongly or weakly."""

    signal: Signal
    pattern: re.Pattern[str]
    is_strong: bool


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    language: str
    cues: Mapping[str, tuple[Cue, ...]]
    """By how what they match can begin."""

    def matches(self, text: str) -> Iterator[tuple[Cue, re.Match[str]]]:
        """Of each cue what `finditer` gives, all cues together in the order of the text."""
        passed: dict[Cue, int] = {}
        for place in _PLACES.finditer(text):
            start = place.start()
            for cue in _beginning(self, text[start : start + LENGTH]):
                match = cue.pattern.match(text, start) if start >= passed.get(cue, 0) else None
                if match is not None:
                    passed[cue] = match.end()
                    yield cue, match


@lru_cache(maxsize=8192)
def _beginning(lexicon: Lexicon, letters: str) -> tuple[Cue, ...]:
    starts = (letters[:size] for size in range(len(letters) + 1))
    return tuple(cue for start in starts for cue in lexicon.cues.get(start, ()))


def lexicon(
    language: str,
    *,
    strong: Mapping[Signal, tuple[str, ...]],
    weak: Mapping[Signal, tuple[str, ...]],
) -> Lexicon:
    cues: dict[str, tuple[Cue, ...]] = {}
    for words, is_strong in ((strong, True), (weak, False)):
        for signal, alternatives in words.items():
            pattern = re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)")
            cue = Cue(signal, pattern, is_strong)
            for start in starts(pattern):
                cues[start] = (*cues.get(start, ()), cue)
    return Lexicon(language, cues)
