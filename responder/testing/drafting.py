"""Requests for drafts, with every detail that a test does not care about filled in."""

from datetime import UTC, datetime
from uuid import UUID

from responder.drafting.ports import DraftRequest
from responder.engagement.model import (
    Author,
    Comment,
    EngagementId,
    Intent,
    Judged,
    Motive,
    NeedsReply,
    Page,
    Sentiment,
    SourceId,
    Understanding,
    Urgency,
)
from responder.engagement.workspace import Knowledge, Source

GARDEN = Source(id=SourceId("garden"), platform="guestbook", title="Garden guestbook")
OFFLINE = Knowledge(
    id="offline",
    title="Using the planner offline",
    text=(
        "The planner works offline once a garden has been opened on the device. "
        "Changes are kept and sent when the connection is back. "
        "Pictures need a connection."
    ),
    url="https://arbor.example/offline",
    language="en",
)
QUESTION = "Does the planner also work offline, without a connection?"


def said(
    text: str = QUESTION,
    *,
    comment_id: str = "c1",
    author: Author | None = None,
    is_own: bool = False,
    page: Page | None = None,
) -> Comment:
    return Comment(
        source=GARDEN.id,
        comment_id=comment_id,
        thread_id="t1",
        parent_id=None,
        root_id="c1",
        author=author or Author(id="ann", name="Annabel Thornquist", handle="@annathorn"),
        text=text,
        published_at=datetime(2026, 3, 4, 12, tzinfo=UTC),
        revision=1,
        is_own=is_own,
        page=page,
    )


def understood(
    intent: Intent = Intent.QUESTION,
    *,
    language: str = "en",
    motive: Motive = Motive.TO_LEARN,
    needs_reply: NeedsReply = NeedsReply.YES,
) -> Understanding:
    def judged(value: str) -> Judged:
        return Judged(value, 0.9, "rule", "test/1")

    return Understanding(
        primary=judged(intent),
        intents=(intent,),
        needs_reply=judged(needs_reply),
        motive=judged(motive),
        sentiment=judged(Sentiment.NEUTRAL),
        language=judged(language),
        urgency=judged(Urgency.NORMAL),
    )


def draft_request(
    comment: Comment | str = QUESTION,
    *,
    understanding: Understanding | None = None,
    branch: tuple[Comment, ...] = (),
    limit: int = 2000,
    number: int = 1,
    source: Source = GARDEN,
) -> DraftRequest:
    return DraftRequest(
        engagement_id=EngagementId(UUID(int=number)),
        source=source,
        comment=said(comment) if isinstance(comment, str) else comment,
        branch=branch,
        understanding=understanding or understood(),
        limit=limit,
    )
