"""What is wrong with `responder.toml`, by line and key, in the words of whoever wrote it."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from responder.app import tables
from responder.app.positions import Path as KeyPath
from responder.app.positions import line_of

PLATFORMS = ("guestbook", "webhook", "isso")
SHOWN_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the file."""

    line: int | None
    key: str
    why: str


def of_syntax(said: str) -> Problem:
    found = re.search(r" \(at line (\d+), column (\d+)\)$", said)
    if found is None:
        return Problem(None, "", said)
    return Problem(int(found[1]), "", f"{said[: found.start()]} (column {found[2]})")


def of_shape(text: str, data: dict[str, Any], error: ErrorDetails) -> Problem:
    key = _in_file(data, error)
    context = error.get("ctx", {})
    match error["type"]:
        case "unknown_key":
            key, why = (*key, str(context["key"])), error["msg"]
        case "missing":
            why = "this key is missing"
        case "union_tag_not_found":
            key, why = (*key, "platform"), f"this key is missing; allowed: {_platforms()}"
        case "union_tag_invalid":
            suggestion = tables.nearest(str(context["tag"]), PLATFORMS)
            key = (*key, "platform")
            why = f"there is no platform {context['tag']!r}{suggestion}; allowed: {_platforms()}"
        case "enum" | "literal_error":
            why = f"{_quoted(error['input'])} is not possible here{_suggestion(error)}"
        case "string_pattern_mismatch":
            why = f"{_quoted(error['input'])} is not possible here; {_pattern(context['pattern'])}"
        case _:
            why = error["msg"].removeprefix("Value error, ")
    return of_key(text, key, why)


def of_key(text: str, key: KeyPath, why: str) -> Problem:
    """Something is wrong with what stands at `key`."""
    return Problem(line_of(text, key), _dotted(key), why)


PLATFORMS = ("guestbook", "webhook", "isso")


def _platforms() -> str:
    return ", ".join(PLATFORMS)


def _suggestion(error: ErrorDetails) -> str:
    allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
    return f"{tables.nearest(str(error['input']), allowed)}; allowed: {', '.join(allowed)}"


def _pattern(pattern: str) -> str:
    if "{2,3}" in pattern:
        return "write a language as 'en' or 'de'"
    return "use small letters, digits and '-'"


def _quoted(value: object) -> str:
    """What stands there; the file holds no secret, but may hold a long text."""
    said = str(value)
    return repr(said if len(said) <= SHOWN_LENGTH else said[:SHOWN_LENGTH] + "…")


def _in_file(data: object, error: ErrorDetails) -> KeyPath:
    """Pydantic's path without the steps that are its own (`isso`, `[key]`)."""
    path: list[int | str] = []
    for part in error["loc"]:
        inner = _inner(data, part)
        if inner is not None:
            path.append(part)
            data = inner
    return (*path, error["loc"][-1]) if error["type"] == "missing" else tuple(path)


def _inner(data: object, part: int | str) -> object | None:
    if isinstance(data, dict):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        found: object = data[part]
        return found
    return None


def _dotted(key: KeyPath) -> str:
    """`("routes", 1, "queue")` is `routes[2].queue`: people count from one."""
    said = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key)
    return said.removeprefix(".")
