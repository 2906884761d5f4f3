"""Rows for people and for programs, with nothing cut.

People get columns where these fit. The last one holds the long texts and goes on below itself. Where
too little room is left for it each row is a block of its own, one value a line: an id that does not
stand whole on a line cannot be copied.
"""

import textwrap
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

GAP = 2
LAST_LEAST = 24
"""The last column is as wide as this at least, or as wide as it needs."""

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})


def lines(columns: Sequence[str], rows: Sequence[Sequence[str]], *, width: int) -> list[str]:
    """For people, on a terminal of that many cells."""
    *firsts, last = [max(map(cell_len, each)) for each in zip(columns, *rows, strict=True)]
    indent = sum(firsts) + GAP * len(firsts)
    if width - indent < min(last, LAST_LEAST):
        return _blocks(columns, rows, width=width)
    rule = "─" * min(width, indent + last)
    return [
        *_row(columns, firsts, width),
        rule,
        *(line for row in rows for line in _row(row, firsts, width)),
    ]


def fields(rows: Iterable[Sequence[str]]) -> list[str]:
    r"""For programs: a row a line, its values between tabs; `\t`, `\n` and `\\` stand for their own."""
    return ["\t".join(each.translate(_ESCAPES) for each in row) for row in rows]


def _row(row: Sequence[str], widths: Sequence[int], width: int) -> list[str]:
    *firsts, last = row
    before = "".join(
        each + " " * (of - cell_len(each) + GAP) for each, of in zip(firsts, widths, strict=True)
    )
    indent = cell_len(before)
    first, *more = _wrapped(last, width - indent)
    return [(before + first).rstrip(), *(" " * indent + each for each in more)]


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[str]], *, width: int) -> list[str]:
    label = max(map(cell_len, columns)) + GAP
    shown: list[str] = []
    for row in rows:
        shown += [""] if shown else []
        for name, value in zip(columns, row, strict=True):
            shown += _labelled(name, value, label, width)
    return shown


def _labelled(name: str, value: str, label: int, width: int) -> list[str]:
    """Beside its name, or on lines of its own where one of its words would not fit there."""
    longest = max(map(cell_len, value.split()), default=0)
    if label + longest > width:
        return [name, *_wrapped(value, width)]
    return _row((name, value), (label - GAP,), width)


def _wrapped(value: str, width: int) -> list[str]:
    """By words, which stay whole. At least one line."""
    return [
        line
        for each in value.splitlines() or [""]
        for line in textwrap.wrap(
            each, max(1, width), break_long_words=False, break_on_hyphens=False
        )
        or [""]
    ]
