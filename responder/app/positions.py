"""On which line of a TOML text a key stands. The parser does not tell, so the text is asked.

A prefix of whole lines either parses, and then holds everything that was said so far, or it ends
inside a value of several lines. So the first prefix that parses and holds a key ends with that
key's statement, and the statement begins after the last prefix that parses without it.
"""

import tomllib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


def line_of(text: str, path: Path) -> int:
    """The line, from 1, on which `path` or the innermost part of it that is there begins."""
    lines = text.splitlines(keepends=True)
    there = _existing(tomllib.loads(text), path)
    if not there:
        return 1
    end = bisect_left(range(len(lines) + 1), True, key=lambda n: _holds(lines, n, there))  # noqa: FBT003
    return _parsed(lines, end - 1)[0] + 1


def _existing(data: object, path: Path) -> Path:
    for depth, part in enumerate(path):
        try:
            data = _step(data, part)
        except LookupError:
            return path[:depth]
    return path


def _step(data: Any, part: str | int) -> object:
    if isinstance(data, Mapping):
        return data[part]
    if isinstance(data, list) and isinstance(part, int):
        return data[part]
    raise LookupError(part)


def _holds(lines: Sequence[str], count: int, path: Path) -> bool:
    return _existing(_parsed(lines, count)[1], path) == path


def _parsed(lines: Sequence[str], count: int) -> tuple[int, dict[str, Any]]:
    """The longest prefix of at most `count` lines that parses, and its length."""
    while count:
        try:
            return count, tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            count -= 1
    return 0, {}
