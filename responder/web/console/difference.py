"""What changed between two texts, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

WORDS_LIMIT = 4000
"""Beyond, the texts are compared as wholes: the comparison is quadratic."""


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    """`same`, `gone` or `new`."""
    text: str


def difference(before: str, after: str) -> tuple[Piece, ...]:
    """Pieces that make `before` without the new ones, and `after` without those that are gone."""
    old, new = _words(before), _words(after)
    if max(len(old), len(new)) > WORDS_LIMIT:
        old, new = [before], [after]
    return tuple(piece for piece in _pieces(old, new) if piece.text)


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(old[old_start:old_end]))
        else:
            yield Piece("gone", "".join(old[old_start:old_end]))
            yield Piece("new", "".join(new[new_start:new_end]))


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", text)
