"""What changed between the thread that somebody was shown and the thread as it is. Pure."""

import json
from dataclasses import dataclass, field

from responder.review.ports import Item
from responder.web.console.difference import Piece, difference

TEXT_LIMIT = 10_000
THREAD_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """What a form says that it was made from. A hint: the digest decides, this only explains."""

    revisions: dict[str, int] = field(default_factory=dict)
    text: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    text: tuple[Piece, ...]
    """The comment's text then and now; empty when it is the same."""
    new: frozenset[str]
    """Comments that were not there."""
    edited: frozenset[str]
    suggestion: tuple[Piece, ...]


def seen(item: Item) -> dict[str, object]:
    """What goes into the form."""
    suggestion = item.draft.text if item.draft else None
    return {
        "thread": [[each.comment_id, each.revision] for each in item.thread[-THREAD_LIMIT:]],
        "text": item.comment.text[:TEXT_LIMIT],
        "suggestion": (suggestion or "")[:TEXT_LIMIT],
    }


def read_seen(written: str) -> Seen:
    """From the form; what is not understood is as good as not there."""
    try:
        data = json.loads(written)
        revisions = {str(comment_id): int(revision) for comment_id, revision in data["thread"]}
        return Seen(revisions, str(data["text"]), str(data["suggestion"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return Seen()


def changes(before: Seen, item: Item) -> Changes:
    known = before.revisions
    suggestion = (item.draft.text if item.draft else None) or ""
    return Changes(
        text=_changed(before.text, item.comment.text[:TEXT_LIMIT]),
        new=frozenset(c.comment_id for c in item.thread if known and c.comment_id not in known),
        edited=frozenset(
            c.comment_id for c in item.thread if known.get(c.comment_id, c.revision) != c.revision
        ),
        suggestion=_changed(before.suggestion, suggestion[:TEXT_LIMIT]),
    )


def _changed(before: str | None, after: str) -> tuple[Piece, ...]:
    return () if before is None or before == after else difference(before, after)
