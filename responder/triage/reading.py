"""A comment taken apart: links, handles, hashtags, and the author's own words.

All views have the length of the visible text, so that a match anywhere is a span of it. *Folded*
means lower case, accents off, straight apostrophes, fancy letters made plain.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from responder.engagement.legible import Legible, fold, legible, words

LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"]+"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|org|net|info|io|ly|gl|biz|shop|online|xyz|example|de|fr|es|ch|uk|eu)"
    r"(?:/[^\s<>\"]*)?(?![\w@])"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{2,}/[^\s<>\"]+"
)
HANDLE = re.compile(r"(?<![\w/.])@[\w][\w.-]*\w(?:@[\w.-]+\w)?|(?<![\w/.])@\w")
HASHTAG = re.compile(r"(?<![\w/&])#(\w+)")
_QUOTED_LINE = re.compile(r"^[ \t]*>[^\n]*", re.MULTILINE)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_EMOTICON = re.compile(r"(?<!\w)(?:[:;=8][-^']?[)(dp/o*|\]\[]+|<3+|x+d+|\^\^)(?!\w)")


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
    pictures = _pictures(seen.text)
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


def blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The same length, with blanks in place of `spans`."""
    for start, end in spans:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def _pictures(text: str) -> list[tuple[int, int]]:
    return [m.span() for m in _NOT_ASCII.finditer(text) if is_picture(m.group())]


def is_picture(character: str) -> bool:
    """Emoji and other pictographs."""
    return unicodedata.category(character) in {"So", "Sk"} and character not in "\u00b4`^"


def _spans(pattern: re.Pattern[str], text: str) -> Iterable[tuple[int, int]]:
    return (m.span() for m in pattern.finditer(text))
