"""What people type for the record: one line that everybody can read."""

import unicodedata
from dataclasses import dataclass

from responder.engagement.errors import Invalid

REASON_LIMIT = 200
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co"})
JOINERS = frozenset("\n\t\u200c\u200d\u200e\u200f")
"""Line breaks, and what scripts and emoji need to join and to order letters."""


@dataclass(eq=False, kw_only=True)
class UnusableReason(Invalid):
    """Nothing was changed: {why}"""  # noqa: D415 - the reason ends the sentence

    why: str


def reason(said: str) -> str:
    """As it is kept: in one line, since it is read in the middle of a sentence.

    Raises:
        UnusableReason: nothing in it, too long, or characters that nobody can see.
    """
    line = " ".join(unicodedata.normalize("NFC", said).split())
    if not line:
        raise UnusableReason(why="it needs a reason.")
    if len(line) > REASON_LIMIT:
        raise UnusableReason(why=f"the reason has more than {REASON_LIMIT} characters.")
    number = unseen(line)
    if number is not None:
        raise UnusableReason(why=f"the reason has an invisible character ({number}).")
    return line


def unseen(text: str) -> str | None:
    """The first character that nobody can see, by its number."""
    for character in text:
        if unicodedata.category(character) in INVISIBLE_CATEGORIES and character not in JOINERS:
            return f"U+{ord(character):04X}"
    return None
