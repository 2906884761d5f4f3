"""How waits and shares are said. Pure; never rounder than true."""

from collections.abc import Mapping
from datetime import datetime

from responder.insights.waits import Basis, Clock, Measure

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_SMALLEST = 0.001

MEASURES: Mapping[Measure, tuple[str, str]] = {
    (Clock.WALL, Basis.PUBLISHED): ("Every hour, since it was written", "what the person waited"),
    (Clock.WALL, Basis.RECEIVED): ("Every hour, since it came to us", "what we took"),
    (Clock.BUSINESS, Basis.PUBLISHED): (
        "Office hours, since it was written",
        "what the person waited while somebody was there",
    ),
    (Clock.BUSINESS, Basis.RECEIVED): (
        "Office hours, since it came to us",
        "what we took of our time",
    ),
}
"""What each clock counts from when, and what that means."""


def length(seconds: int) -> str:
    """In its two largest units: `45 s`, `12 min`, `2 h 10 min`, `3 d 4 h`."""
    if not seconds:
        return "0 s"
    largest = next(i for i, (_, size) in enumerate(_UNITS) if seconds >= size)
    said = []
    for unit, size in _UNITS[largest : largest + 2]:
        number, seconds = divmod(seconds, size)
        if number:
            said.append(f"{number:,} {unit}")
    return " ".join(said)


def age(since: datetime, at: datetime) -> str:
    """How long something lasts already."""
    return length(max(0, int((at - since).total_seconds())))


def share(of: float) -> str:
    """In per cent, to a tenth; only all is 100 %, and only none is 0 %."""
    if 0 < of < _SMALLEST:
        return "under 0.1 %"
    if 1 - _SMALLEST < of < 1:
        return "over 99.9 %"
    return f"{of * 100:.1f} %".replace(".0 %", " %")
