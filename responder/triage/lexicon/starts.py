"""How what a pattern matches can begin: read off the pattern, so that few are tried at each place.

A comment has some twenty words, and a lexicon hundreds of alternatives; nearly every try fails at
the first letters. Nothing is lost: where a beginning cannot be told, it is the empty one, which
every place has.
"""

import re
from collections.abc import Iterable
from re import _parser  # type: ignore[attr-defined]
from typing import Any

LENGTH = 5
"""Letters of a beginning; more of them tell little more."""

_EMPTY = frozenset({"AT", "ASSERT", "ASSERT_NOT"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT"})


def starts(pattern: re.Pattern[str]) -> frozenset[str]:
    """Beginnings, of at most `LENGTH` letters: any match has one of them."""
    going, settled = _walk(_parser.parse(pattern.pattern), {""})
    return frozenset(going | settled)


def _walk(items: Iterable[tuple[Any, Any]], before: set[str]) -> tuple[set[str], set[str]]:
    """Beginnings that what follows makes longer, and those that nothing makes longer any more."""
    going, settled = before, set[str]()
    for operation, value in items:
        going, ended = _step(str(operation), value, going)
        settled |= ended | {each for each in going if len(each) >= LENGTH}
        going = {each for each in going if len(each) < LENGTH}
    return going, settled


def _step(operation: str, value: Any, going: set[str]) -> tuple[set[str], set[str]]:
    if operation in _EMPTY:
        return going, set()
    if (letters := _letters(operation, value)) is not None:
        return {each + letter for each in going for letter in letters}, set()
    if operation == "SUBPATTERN":
        return _walk(value[-1], going)
    if operation == "BRANCH":
        ways = [_walk(way, going) for way in value[1]]
        return set().union(*(way[0] for way in ways)), set().union(*(way[1] for way in ways))
    if operation in _REPEATS:
        least, most, repeated = value
        once, ended = _walk(repeated, going)
        skipped = going if least == 0 else set[str]()
        return (skipped | once, ended) if most == 1 else (skipped, ended | once)
    return set(), going


def _letters(operation: str, value: Any) -> list[str] | None:
    """What one letter can be, where it is one of a few."""
    if operation == "LITERAL":
        return [chr(value)]
    if operation == "IN" and all(str(kind) == "LITERAL" for kind, _ in value):
        return [chr(code) for _, code in value]
    return None
