"""A comment taken apart: links, handles, hashtags, and the author's own words.

All views have the length of the visible text, so that a match anywhere is a span of it. *Folded*
means lower case, accents off, straight apostrophes, fancy letters made plain.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from responder.engagement.legible import Legible, legible

LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"]+"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|org|net|info|io|ly|gl|biz|shop|online|xyz|example|de|fr|es|ch|uk|eu)"
    r"(?:/[^\s<>\"]*)?(?![\w@])"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{2,}/[^\s<>\"]+"
)
HANDLE = re.compile(r"(?<![\w/.])@[\w][\w.-]*\w(?:@[\w.-]+\w)?|(?<![\w/.])@\w")
HASHTAG = re.compile(r"(?<![\w/&])#(\w+)")
_QUOTED_LINE = re.compile(r"^[ \t]*>[^\n]*", re.MULTILINE)
_EMOTICON = re.compile(r"(?<!\w)(?:[:;=8][-^']?[)(dp/o*|\]\[]+|<3+|x+d+|\^\^)(?!\w)")
_WORD = re.compile(r"\w+(?:'\w+)*")
_APOSTROPHES = "\u2018\u2019\u02bc\u00b4`"


@dataclass(frozen=True, slots=True)
class Reading:
    legible: Legible
    folded: str
    own: str
    """Folded; links, handles, quoted lines, emoji and the `#` of hashtags are blanks."""
    spoken: str
    """Like `own`, hashtags blank too, but in the author's spelling: what shows a language."""
    links: tuple[str, ...]
    handles: tuple[str, ...]
    """Without the `@`."""
    hashtags: tuple[str, ...]
    """Without the `#`."""

    @property
    def words(self) -> list[str]:
        return words(self.own)


def read(text: str) -> Reading:
    seen = legible(text)
    folded = fold(seen.text)
    hidden = [*_spans(LINK, folded), *_spans(_QUOTED_LINE, folded), *_spans(_EMOTICON, folded)]
    unlinked = blank(folded, hidden)
    handles = list(_spans(HANDLE, unlinked))
    tags = [m for m in HASHTAG.finditer(unlinked) if not m.group(1).isdigit()]
    pictures = [(i, i + 1) for i, c in enumerate(seen.text) if is_picture(c)]
    own = blank(folded, [*hidden, *handles, *pictures, *((m.start(), m.start() + 1) for m in tags)])
    spoken = blank(seen.text, [*hidden, *handles, *pictures, *((m.start(), m.end()) for m in tags)])
    return Reading(
        legible=seen,
        folded=folded,
        own=own,
        spoken=spoken,
        links=tuple(m.group().rstrip(".,;:!?)]'") for m in LINK.finditer(folded)),
        handles=tuple(unlinked[a + 1 : b] for a, b in handles),
        hashtags=tuple(m.group(1) for m in tags),
    )


def fold(text: str) -> str:
    """One character for one: lower case, no accents, straight apostrophes, plain letters."""
    return "".join(map(_fold, text))


def words(folded: str) -> list[str]:
    return _WORD.findall(folded)


def blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The same length, with blanks in place of `spans`."""
    characters = list(text)
    for start, end in spans:
        characters[start:end] = " " * (end - start)
    return "".join(characters)


def is_picture(character: str) -> bool:
    """Emoji and other pictographs."""
    return unicodedata.category(character) in {"So", "Sk"} and character not in _APOSTROPHES + "^"


def _spans(pattern: re.Pattern[str], text: str) -> Iterable[tuple[int, int]]:
    return (m.span() for m in pattern.finditer(text))


@lru_cache(maxsize=4096)
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
