"""The sentences that only a terminal shows; all other words are in `responder.web.console.words`."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from responder.app.current import Change
from responder.audit.chain import Break
from responder.web.console.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a start found that something was done with before."""

    came_meanwhile: int = 0
    """Comments that the log took and nobody has read yet."""
    held: int = 0
    """Replies that were still in their undo time when it stopped."""
    held_seconds: float = 0.0
    """Until the last of them goes out; not above 0: they go out now."""
    looking_for: int = 0
    """Replies that were under way; whether they arrived is looked up first."""
    open: int = 0
    """Comments that wait for an end."""
    unreadable: int = 0
    """Records that could not be read, and wait for a person."""
    missing: int = 0
    """Comments that the ledger cannot account for."""


def back(found: Found) -> str:
    """What the terminal says after a start that found something."""
    return " ".join(["Back.", *_found(found)])


def _found(found: Found) -> Iterator[str]:
    if found.came_meanwhile:
        yield f"{counted(found.came_meanwhile, 'comment', 'comments')} came meanwhile."
    if found.held:
        seconds = math.ceil(found.held_seconds)
        when = "now" if seconds <= 0 else f"within {counted(seconds, 'second', 'seconds')}"
        was = counted(found.held, "reply was", "replies were")
        yield (
            f"{was} in {'its' if found.held == 1 else 'their'} undo time and"
            f" {'goes' if found.held == 1 else 'go'} out {when}."
        )
    if found.looking_for:
        yield (
            f"{counted(found.looking_for, 'reply was', 'replies were')} under way: I look whether"
            f" {'it is' if found.looking_for == 1 else 'they are'} there before anything is sent"
            " again."
        )
    if found.open:
        yield f"{counted(found.open, 'comment is', 'comments are')} open."
    if found.unreadable:
        yield (
            f"{counted(found.unreadable, 'record', 'records')} could not be read:"
            " responder deadletter list."
        )
    if found.missing:
        is_ = counted(found.missing, "comment is", "comments are")
        yield f"{is_} missing: responder audit verify"
    else:
        yield "Nothing is missing."


def reloaded(change: Change) -> str:
    """What the terminal says after a reading of the configuration that was asked for."""
    version = f"version {change.version[:12]}"
    if not change.is_another:
        return f"The configuration is as it was: {version}."
    done = ", ".join(
        f"{name} {what}"
        for what, names in (
            ("added", change.added),
            ("changed", change.changed),
            ("removed", change.removed),
        )
        for name in names
    )
    return f"Configuration read again: {version}; sources: {done or 'as they were'}."


def broken(where: Break) -> str:
    """What `audit verify` says of a chain that does not hold."""
    ids = [] if where.entry_id is None else [f"id {where.entry_id}"]
    if where.engagement_id is not None:
        ids.append(f"about {where.engagement_id}")
    said = f" ({', '.join(ids)})" if ids else ""
    return (
        f"The record of changes is broken at entry {where.number}{said}: {where.what}."
        " What stands before it holds; from there on it proves nothing."
    )
