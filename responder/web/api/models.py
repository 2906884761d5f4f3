"""What the JSON API takes and gives. The OpenAPI document is generated from these models."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from responder.access.model import UNDO_SECONDS_LIMIT
from responder.engagement.lifecycle import State
from responder.engagement.model import (
    PERSON_REASONS,
    Audience,
    Comment,
    DismissalReason,
    DueOutcome,
    Understanding,
)
from responder.review.ports import (
    Delivery,
    Draft,
    DraftState,
    Held,
    Item,
    QueuePage,
    Row,
)

STATES = ("open", "overdue", "at_risk", "attention", "answered", "closed", "deleted")
"""What a list may ask for."""
PAGE_LIMIT = 200
"""Comments in one page of a list."""
KEY_LIMIT = 255
"""Characters of an idempotency key."""


class Given(BaseModel):
    """What a request brings: a field that is not known is a mistake, not a wish."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Shown(BaseModel):
    """What an answer holds. Fields may be added to a version, never removed or retyped."""

    model_config = ConfigDict(frozen=True)


Context = Annotated[
    str,
    Field(description="`context` of the engagement as it was read: what the decision binds to."),
]
UndoSeconds = Annotated[
    int | None,
    Field(
        ge=0,
        le=UNDO_SECONDS_LIMIT,
        description="How long the decision can be undone; by default the person's own setting.",
    ),
]


class ApproveRequest(Given):
    """Send exactly this text, after the undo time."""

    text: Annotated[str, Field(min_length=1)]
    context: Context
    draft_version: Annotated[
        int | None, Field(description="The version of the draft that was shown, if one was.")
    ] = None
    undo_seconds: UndoSeconds = None


REASONS = tuple(reason for reason in DismissalReason if reason in PERSON_REASONS)


def _given_by_a_person(value: object) -> object:
    if value not in REASONS:
        why = f"it is none of {', '.join(REASONS)}."
        raise PydanticCustomError("reason", "{why}", {"why": why})
    return value


PersonReason = Annotated[
    DismissalReason,
    BeforeValidator(_given_by_a_person),
    WithJsonSchema({"type": "string", "enum": [reason.value for reason in REASONS]}),
]
"""Why a person closes; the other reasons are those of rules."""


class DismissRequest(Given):
    """Close without reply, after the undo time."""

    reason: PersonReason
    note: Annotated[str, Field(max_length=2000, description="Needed with `other`.")] = ""
    context: Context
    undo_seconds: UndoSeconds = None


class StopClockRequest(Given):
    """Let the time not count until the clock goes on; only where the target allows it."""

    reason: Annotated[str, Field(min_length=1, max_length=200, description="What is waited for.")]


class HeldDecision(Shown):
    """A decision that waits for its undo time to pass."""

    kind: Literal["reply", "dismissal"]
    by: str
    text: str | None
    reason: DismissalReason | None
    release_at: datetime

    @classmethod
    def of(cls, held: Held | None) -> Self | None:
        if held is None:
            return None
        return cls(
            kind="reply" if held.kind == "reply" else "dismissal",
            by=held.actor_name,
            text=held.text,
            reason=held.reason,
            release_at=held.release_at,
        )


class EngagementSummary(Shown):
    """One line of the queue."""

    id: UUID
    source: str
    queue: str
    state: State
    author_name: str
    excerpt: str
    page_title: str | None
    intent: str
    sentiment: str
    language: str
    urgency: str
    needs_reply: str
    published_at: datetime
    received_at: datetime
    due_at: datetime | None
    due_outcome: DueOutcome | None
    clock_paused_at: Annotated[
        datetime | None, Field(description="Since when its clock stands; null while it runs.")
    ]
    audience: Audience
    draft_state: DraftState
    held: HeldDecision | None
    assigned_to: Annotated[
        UUID | None, Field(description="The person whom its clock has put it before.")
    ]

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(
            id=row.engagement_id,
            source=row.source,
            queue=row.queue,
            state=row.state,
            author_name=row.author_name,
            excerpt=row.excerpt,
            page_title=row.page_title,
            intent=row.intent,
            sentiment=row.sentiment,
            language=row.language,
            urgency=row.urgency,
            needs_reply=row.needs_reply,
            published_at=row.published_at,
            received_at=row.received_at,
            due_at=row.due_at,
            due_outcome=row.due_outcome,
            clock_paused_at=row.clock_paused_at,
            audience=row.audience,
            draft_state=row.draft,
            held=HeldDecision.of(row.held),
            assigned_to=row.assigned_to,
        )


class ClosingBalance(Shown):
    """`accepted` = `answered` + `dismissed` + `withdrawn` + `open`, or `unaccounted` is not 0."""

    accepted: int
    answered: int
    dismissed: int
    withdrawn: int
    open: int
    unreadable: int
    unaccounted: int


class EngagementList(Shown):
    items: list[EngagementSummary]
    next: Annotated[str | None, Field(description="`after` of the next page; null on the last.")]
    matching: Annotated[
        int, Field(description="In all; what has to be looked for is counted to 1,001.")
    ]
    counts: dict[str, int]
    balance: ClosingBalance
    as_of: Annotated[int, Field(description="The change number that this is the state of.")]

    @classmethod
    def of(cls, page: QueuePage) -> Self:
        balance = page.balance
        return cls(
            items=[EngagementSummary.of(row) for row in page.rows],
            next=page.after,
            matching=page.matching,
            counts=dict(page.counts),
            balance=ClosingBalance(
                accepted=balance.accepted,
                answered=balance.answered,
                dismissed=balance.dismissed,
                withdrawn=balance.withdrawn,
                open=balance.open,
                unreadable=balance.unreadable,
                unaccounted=balance.unaccounted,
            ),
            as_of=page.as_of,
        )


class CommentShown(Shown):
    """One comment of the thread."""

    comment_id: str
    parent_id: str | None
    author_name: str
    text: str
    published_at: datetime
    revision: int
    is_own: bool
    is_deleted: bool
    permalink: str | None

    @classmethod
    def of(cls, comment: Comment) -> Self:
        return cls(
            comment_id=comment.comment_id,
            parent_id=comment.parent_id,
            author_name=comment.author.name,
            text=comment.text,
            published_at=comment.published_at,
            revision=comment.revision,
            is_own=comment.is_own,
            is_deleted=comment.is_deleted,
            permalink=comment.permalink,
        )


class PassageShown(Shown):
    title: str
    quote: str
    url: str | None


class DraftShown(Shown):
    """A suggestion, and what it stands on."""

    version: int
    text: str | None
    refusal: str | None
    explanation: str | None
    made_at: datetime
    writer: str
    model: str | None
    passages: list[PassageShown]
    unsupported: list[str]

    @classmethod
    def of(cls, draft: Draft | None) -> Self | None:
        if draft is None:
            return None
        return cls(
            version=draft.version,
            text=draft.text,
            refusal=draft.refusal,
            explanation=draft.explanation,
            made_at=draft.made_at,
            writer=draft.writer,
            model=draft.model,
            passages=[
                PassageShown(title=p.title, quote=p.quote, url=p.url) for p in draft.passages
            ],
            unsupported=list(draft.unsupported),
        )


class JudgementShown(Shown):
    """What was thought of a comment in one respect, by what, and how surely."""

    value: str
    probability: float
    tier: str
    model: str


class UnderstandingShown(Shown):
    intent: JudgementShown
    needs_reply: JudgementShown
    motive: JudgementShown
    sentiment: JudgementShown
    language: JudgementShown
    urgency: JudgementShown

    @classmethod
    def of(cls, understanding: Understanding) -> Self:
        judged = {
            "intent": understanding.primary,
            "needs_reply": understanding.needs_reply,
            "motive": understanding.motive,
            "sentiment": understanding.sentiment,
            "language": understanding.language,
            "urgency": understanding.urgency,
        }
        return cls(
            **{
                name: JudgementShown(
                    value=each.value,
                    probability=each.probability,
                    tier=each.tier,
                    model=each.model,
                )
                for name, each in judged.items()
            }
        )


class AttemptShown(Shown):
    """One attempt to post."""

    attempt: int
    started_at: datetime
    settled_at: datetime | None
    outcome: str | None
    url: str | None
    detail: str

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        return cls(
            attempt=delivery.attempt,
            started_at=delivery.started_at,
            settled_at=delivery.settled_at,
            outcome=delivery.outcome,
            url=delivery.url,
            detail=delivery.detail,
        )


class Engagement(EngagementSummary):
    """One comment with everything that a decision needs."""

    context: Context
    comment: CommentShown
    thread: list[CommentShown]
    understanding: UnderstandingShown
    draft: DraftShown | None
    reply_id: UUID | None
    reply_text: str | None
    reply_url: str | None
    is_handed_over: bool
    is_held_on_site: bool
    next_try_at: Annotated[
        datetime | None, Field(description="When delivery goes on with it by itself, if it does.")
    ]
    can_post: bool
    posts_as: str
    text_limit: int
    dismissal: DismissalReason | None
    deliveries: list[AttemptShown]
    clock_may_stop: Annotated[bool, Field(description="Whether its target allows that.")]
    due_explained: Annotated[
        list[str], Field(description="Why it is due when it is, in words, line by line.")
    ]

    @classmethod
    def whole(cls, item: Item) -> Self:
        return cls(
            **EngagementSummary.of(item.row).model_dump(),
            context=item.context,
            comment=CommentShown.of(item.comment),
            thread=[CommentShown.of(each) for each in item.thread],
            understanding=UnderstandingShown.of(item.understanding),
            draft=DraftShown.of(item.draft),
            reply_id=item.reply_id,
            reply_text=item.reply_text,
            reply_url=item.reply_url,
            is_handed_over=item.is_handed_over,
            is_held_on_site=item.is_held_on_site,
            next_try_at=item.next_try_at,
            can_post=item.can_post,
            posts_as=item.posts_as,
            text_limit=item.text_limit,
            dismissal=item.dismissal,
            deliveries=[AttemptShown.of(each) for each in item.deliveries],
            clock_may_stop=item.clock_may_stop,
            due_explained=list(item.due_explained),
        )


class ProblemShown(Shown):
    """RFC 9457. `code` is stable; `detail` and `remedy` are for people."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    code: str
    title: str
    status: int
    detail: str
    remedy: str
