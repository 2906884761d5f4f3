"""What words can signal, and the shape of a language's list of them.

Patterns are regular expressions over folded text (lower case, accents off, straight apostrophes;
`ß` stays), matched at word boundaries. *Strong* ones carry a judgement alone; *weak* ones only
together. Everything here was written for this project; no list or data set was taken over.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Lexicon:
    language: str
    strong: Mapping[Signal, re.Pattern[str]]
    weak: Mapping[Signal, re.Pattern[str]]


def lexicon(
    language: str,
    *,
    strong: Mapping[Signal, tuple[str, ...]],
    weak: Mapping[Signal, tuple[str, ...]],
) -> Lexicon:
    return Lexicon(language, _compiled(strong), _compiled(weak))


def _compiled(words: Mapping[Signal, tuple[str, ...]]) -> Mapping[Signal, re.Pattern[str]]:
    return {s: re.compile(rf"(?<!\w)(?:{'|'.join(ps)})(?!\w)") for s, ps in words.items()}
