"""A stranger's text as a person would see it, with the way back to what was written.

Invisible characters carry orders to machines that no reader sees (the tag block U+E0000-E007F,
variation selectors, zero-width and bidirectional controls), and split words so that no rule finds
them. They go before anything is judged; the text that is stored and shown as evidence stays whole.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_MARKUP = re.compile(
    r"</?(?:p|br|div|span|b|i|em|strong|a|blockquote|ul|ol|li|img|code|pre)\b[^<>]{0,1000}>|&nbsp;",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_WORD = re.compile(r"\w+(?:'\w+)*")
_APOSTROPHES = "\u2018\u2019\u02bc\u00b4`"
_REMEMBERED = 0xFFFF
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Legible:
    """Visible text in NFC, and where each of its characters came from."""

    text: str
    origins: Sequence[int]
    """For each character the offset in the text as written."""
    hidden: int
    """How many characters were invisible."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the text as written, for a span of the visible one."""
        if start >= end:
            return (0, 0)
        return (self.origins[start], self.origins[end - 1] + 1)


def invisible(text: str) -> bool:
    """Does it hold characters that no reader sees?"""
    return _INVISIBLE.search(text) is not None or _CONTROL.search(text) is not None


def legible(written: str) -> Legible:
    """What a reader sees of `written`; simple markup counts as not seen."""
    if _is_plain(written):
        return Legible(written, range(len(written)), 0)
    markup = {i for m in _MARKUP.finditer(written) for i in range(m.start() + 1, m.end())}
    starts = {m.start() for m in _MARKUP.finditer(written)}
    characters: list[str] = []
    origins: list[int] = []
    hidden = 0
    for start, end in _clusters(written):
        if start in markup:
            continue
        visible = _visible(written[start:end]) if start not in starts else " "
        hidden += not visible
        characters.extend(visible)
        origins.extend([start] * len(visible))
    return Legible("".join(characters), tuple(origins), hidden)


def _is_plain(written: str) -> bool:
    """Every character is seen as it is written: nearly always."""
    return (
        unicodedata.is_normalized("NFC", written)
        and not invisible(written)
        and _MARKUP.search(written) is None
    )


def _visible(cluster: str) -> str:
    kept = _CONTROL.sub("", _INVISIBLE.sub("", cluster))
    return unicodedata.normalize("NFC", kept)


def _clusters(text: str) -> list[tuple[int, int]]:
    """Stretches that normalise by themselves: a base with what combines with it."""
    starts = [i for i, c in enumerate(text) if i == 0 or not _joins(c)]
    return list(pairwise([*starts, len(text)]))


def _joins(character: str) -> bool:
    # The vowels and finals of Hangul combine without being combining characters.
    return unicodedata.combining(character) != 0 or "\u1161" <= character <= "\u11ff"


def fold(text: str) -> str:
    """One character for one: lower case, no accents, straight apostrophes, plain letters."""
    return text.translate(_FOLDED)


def words(folded: str) -> list[str]:
    return _WORD.findall(folded)


class _Folded(dict[int, str]):
    """What each character becomes; remembered for the plane that holds nearly all text."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if code <= _REMEMBERED:
            self[code] = folded
        return folded


_FOLDED = _Folded()


def _fold(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    if character.isspace():
        return "\n" if character == "\n" else " "
    plain = unicodedata.normalize("NFKC", character)
    lower = (plain if len(plain) == 1 else character).lower()
    base = unicodedata.normalize("NFD", lower)[:1] if lower else character
    folded = base if base.isascii() and base.isalpha() else lower
    return folded if len(folded) == 1 else character


_ASCII = {code: _fold(chr(code)) for code in range(128)}
