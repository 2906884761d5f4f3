"""Ledger rows to the words of the domain, and back."""

from collections.abc import Mapping
from typing import Any

from responder.engagement.model import (
    Author,
    Comment,
    DismissalReason,
    Intent,
    Judged,
    Page,
    SourceId,
    TextFormat,
    Understanding,
)

COMMENT_COLUMNS = """
  c.source, c.comment_id, c.thread_key, c.parent_id, c.root_id, c.author_id, c.author_name,
  w.handle AS author_handle, w.url AS author_url, w.avatar_url AS author_avatar_url, c.text, c.text_format, c.published_at,
  c.edited_at, c.version, c.revision, c.is_own, c.is_deleted, c.answers, c.permalink,
  c.page_url, c.page_title, c.page_text
"""


JOIN_AUTHOR = "JOIN author w ON w.source = c.source AND w.author_id = c.author_id"
"""Whoever selects `COMMENT_COLUMNS` joins this. A comment keeps the name it was signed with: platforms
give several people one id, and one person several names."""


def comment_of(row: Any) -> Comment:
    """From a row of `COMMENT_COLUMNS`."""
    page = Page(row.page_url, row.page_title, row.page_text)
    return Comment(
        source=SourceId(row.source),
        comment_id=row.comment_id,
        thread_id=row.thread_key.partition("/")[2],
        parent_id=row.parent_id,
        root_id=row.root_id,
        author=Author(
            id=row.author_id,
            name=row.author_name,
            handle=row.author_handle,
            url=row.author_url,
            avatar_url=row.author_avatar_url,
        ),
        text=row.text,
        published_at=row.published_at,
        revision=row.revision,
        is_own=row.is_own,
        is_deleted=row.is_deleted,
        permalink=row.permalink,
        page=None if page == Page() else page,
        text_format=TextFormat(row.text_format),
        answers=row.answers,
    )


def comment_values(comment: Comment, *, version: str, edited_at: object) -> dict[str, object]:
    """Parameters named like the columns."""
    page = comment.page or Page()
    return {
        "source": comment.source,
        "comment_id": comment.comment_id,
        "thread_key": f"{comment.source}/{comment.thread_id}",
        "parent_id": comment.parent_id,
        "root_id": comment.root_id,
        "author_id": comment.author.id,
        "author_name": comment.author.name,
        "text": comment.text,
        "text_format": comment.text_format,
        "published_at": comment.published_at,
        "edited_at": edited_at,
        "version": version,
        "revision": comment.revision,
        "is_own": comment.is_own,
        "is_deleted": comment.is_deleted,
        "permalink": comment.permalink,
        "page_url": page.url,
        "page_title": page.title,
        "page_text": page.text,
    }


FACETS = ("primary", "needs_reply", "motive", "sentiment", "language", "urgency")


def understanding_values(understanding: Understanding) -> dict[str, object]:
    """As it stands in a `jsonb` column; `understanding_of` reads it back."""
    facets: dict[str, object] = {
        name: _judged_values(getattr(understanding, name)) for name in FACETS
    }
    facets["intents"] = [intent.value for intent in understanding.intents]
    facets["dismiss_by_rule"] = understanding.dismiss_by_rule
    return facets


def understanding_of(stored: Mapping[str, Any]) -> Understanding:
    reason = stored["dismiss_by_rule"]
    return Understanding(
        **{name: _judged_of(stored[name]) for name in FACETS},
        intents=tuple(Intent(name) for name in stored["intents"]),
        dismiss_by_rule=None if reason is None else DismissalReason(reason),
    )


def _judged_values(judged: Judged) -> dict[str, object]:
    return {
        "value": judged.value,
        "probability": judged.probability,
        "tier": judged.tier,
        "model": judged.model,
        "evidence": [list(span) for span in judged.evidence],
    }


def _judged_of(stored: Mapping[str, Any]) -> Judged:
    return Judged(
        value=stored["value"],
        probability=stored["probability"],
        tier=stored["tier"],
        model=stored["model"],
        evidence=tuple((start, end) for start, end in stored["evidence"]),
    )
