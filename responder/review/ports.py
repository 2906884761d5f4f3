"""What a person sees, and what review asks of the ledger. The console never sees SQL."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from responder.engagement.clock import Tick
from responder.engagement.lifecycle import Move, State
from responder.engagement.model import (
    Audience,
    Comment,
    DismissalReason,
    DueOutcome,
    EngagementId,
    PersonId,
    ReplyId,
    Understanding,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A decision that waits for its undo time to pass."""

    decision_id: UUID
    kind: str
    """`reply` or `dismissal`."""
    actor: PersonId
    actor_name: str
    text: str | None
    reason: DismissalReason | None
    release_at: datetime


# --- views ---------------------------------------------------------------------------------------


class DraftState(StrEnum):
    WAITING = "waiting"
    """None yet, and one is on its way."""
    READY = "ready"
    REFUSED = "refused"
    """No suggestion; the reason stands with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    version: int
    text: str | None
    refusal: str | None
    explanation: str | None
    made_at: datetime
    writer: str
    model: str | None
    endpoint: str | None
    passages: tuple["QuotedPassage", ...] = ()
    unsupported: tuple[str, ...] = ()
    for_revision: int = 1
    """The revision of the comment that it answers; older than the comment's: out of date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedPassage:
    title: str
    quote: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the queue."""

    engagement_id: EngagementId
    source: str
    source_title: str
    queue: str
    state: State
    author_name: str
    excerpt: str
    """First lines of the text, at most 280 characters."""
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
    clock_paused_at: datetime | None
    """Since when its clock stands; None while it runs."""
    audience: Audience
    draft: DraftState
    held: Held | None = None
    assigned_to: PersonId | None = None
    """Whom its clock has put it before; anybody may answer it all the same."""
    assigned_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt to post, for people."""

    attempt: int
    started_at: datetime
    settled_at: datetime | None
    outcome: str | None
    external_id: str | None
    url: str | None
    detail: str
    is_held: bool = False
    """It stands on the site, but its moderation has not let it through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One audit entry, for people: what happened, by whom, when, why."""

    at: datetime
    act: str
    """A `Trigger`, or the name of an act that is no state change (`drafted`, `held`, …)."""
    actor: str
    """A person's name, or `rule`, `delivery`, `platform`, …"""
    reason: str | None
    state: State | None
    detail: str = ""
    """The platform's own words, where the entry is about an attempt to post."""
    until: datetime | None = None
    """When what was put off was to be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Everything a person needs to decide."""

    row: Row
    comment: Comment
    thread: tuple[Comment, ...]
    """What is relevant to it, oldest first, with the comment itself."""
    context: str
    understanding: Understanding
    draft: Draft | None
    earlier_drafts: tuple[Draft, ...]
    reply_id: ReplyId | None
    reply_text: str | None
    """The approved text, from the approval on."""
    taken_back_text: str | None
    """What was last approved and did not go out: undone, voided, or refused by the platform."""
    reply_url: str | None
    deliveries: tuple[Delivery, ...]
    """The attempts to post the last reply that stands."""
    attempts: int
    """How often posting was tried, of all its replies."""
    is_handed_over: bool
    is_held_on_site: bool
    next_try_at: datetime | None
    """When delivery goes on with it by itself; None if it does not."""
    reads_back: bool
    """Whether this place can be asked which replies of ours stand there."""
    history: tuple[HistoryEntry, ...]
    due_explained: tuple[str, ...]
    """Why it is due when it is, line by line."""
    clock_may_stop: bool
    """Whether its target lets people stop its clock."""
    posts_as: str
    can_post: bool
    """False: this source has no way out; offer the text to copy and ask where it stands."""
    dismissal: DismissalReason | None
    text_limit: int = 10_000
    """How long a reply may be there, in characters."""
    edited_after_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    queue: str | None = None
    source: str | None = None
    state: str = "open"
    """`open`, of these `overdue`, `at_risk`, `attention` (a look); `answered`, `closed`, `deleted`."""
    text: str = ""
    """Words that must all occur in the comment or its author's name."""
    assigned_to: PersonId | None = None

    @property
    def is_counted(self) -> bool:
        """Whether it is known how many match; else they are counted, to `MOST_MATCHING`."""
        is_kept = self.state not in {"overdue", "at_risk"} and self.assigned_to is None
        return is_kept and not self.text.split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The closing balance: nothing is missing if `unaccounted` is 0."""

    accepted: int
    answered: int
    dismissed: int
    withdrawn: int
    open: int
    unreadable: int
    """Dead letters that wait for a person; counted in `open`."""

    @property
    def unaccounted(self) -> int:
        return self.accepted - self.answered - self.dismissed - self.withdrawn - self.open


MOST_MATCHING = 1_000
"""Where it is not known how many match, more than these are not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    rows: tuple[Row, ...]
    after: str | None
    """Where the next page starts; None on the last."""
    matching: int
    """How many match the filter in all; `MOST_MATCHING` + 1 may stand for more."""
    counts: Mapping[str, int]
    """Open items by queue."""
    has_assigned: bool
    """Whether a clock has put anything that is open before somebody."""
    balance: Balance
    as_of: int
    """The change number this page is rendered at: the stream goes on from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that could not be processed, whole."""

    id: UUID
    topic: str
    partition: int | None
    offset: int | None
    source: str | None
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    where: str
    why: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    status: str
    """`open`, `retried` (handed back to its topic), `settled` (the retry succeeded), `dropped`."""
    engagement_id: EngagementId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A push that was refused, with its true cause. Bodies are not kept."""

    at: datetime
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushConflicts:
    """Pushes under an id that had come with another body. All were taken."""

    count: int
    last_id: str
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    id: str
    title: str
    platform: str
    url: str | None
    posts: bool
    proof: str
    last_event_at: datetime | None
    accepted: int
    open: int
    refusals: tuple[Refusal, ...]
    conflicts: PushConflicts | None
    read_at: datetime | None
    """When the reconciler last read this place, if it can."""
    read_note: str | None
    paused: str | None
    """Why sending is paused, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One sealed audit entry, as the live stream tells it."""

    number: int
    engagement_id: EngagementId | None
    act: str
    state: State | None
    queue: str | None


class Desk(Protocol):
    """Everything the console and the API read. Each call costs a fixed number of statements."""

    async def queue(
        self, wanted: QueueFilter, *, after: str | None = None, limit: int = 50
    ) -> QueuePage:
        """A page of the queue, soonest due first; raises Malformed for a foreign `after`."""

    async def item(self, engagement_id: EngagementId) -> Item:
        """Raises NotFound."""

    async def dead_letters(self, *, status: str = "open", limit: int = 50) -> Sequence[DeadLetter]:
        """Newest first."""

    async def dead_letter(self, dead_letter_id: UUID) -> DeadLetter:
        """Raises NotFound."""

    async def sources(self) -> Sequence[SourceView]: ...

    async def balance(self) -> Balance: ...

    async def changes(self, *, after: int, limit: int = 1000) -> Sequence[Change]:
        """Sealed entries with a number above `after`, in order."""

    async def latest_change(self) -> int: ...


# --- the ledger's unit of work -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What a decision depends on, of an engagement under lock."""

    state: State
    context: str
    """The digest of the thread as it is."""
    text_limit: int
    """How long a reply may be there, in characters."""
    held: Held | None
    attempts: int
    """How often posting was tried, of all its replies: what was seen before the last says nothing."""
    due_at: datetime | None = None
    """None: no target applies to it."""
    clock_may_stop: bool = False
    is_clock_stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person's command does, decided before anything is written."""

    engagement_id: EngagementId
    actor: PersonId
    at: datetime
    key: str
    moves: tuple[Move, ...] = ()
    hold: "Hold | None" = None
    undo: UUID | None = None
    """The held decision that is taken back."""
    end_url: str | None = None
    end_text: str | None = None
    """What the person says they posted by hand."""
    reason: str | None = None
    sends_again: bool = False
    tick: Tick | None = None
    """What happens to its clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    decision_id: UUID
    kind: str
    text: str | None = None
    reason: DismissalReason | None = None
    note: str = ""
    context: str = ""
    draft_version: int | None = None
    release_at: datetime


class ReviewTransaction(Protocol):
    async def lock(self, engagement_id: EngagementId) -> Locked:
        """Raises NotFound. Nobody else changes the item until the transaction ends."""

    async def seen(self, key: str) -> bool:
        """Whether a decision with this idempotency key was recorded before."""

    async def record(self, decision: Decision) -> None:
        """State, held decision, audit entries, outbox rows: all or nothing.

        Raises:
            TooLateToUndo: the held decision was released a moment ago.
        """


class ReviewWork(Protocol):
    def begin(self) -> AbstractAsyncContextManager[ReviewTransaction]: ...


class DeadLetterDesk(Protocol):
    """Acts on dead letters."""

    async def retry(self, dead_letter_id: UUID, *, actor: PersonId) -> None:
        """Hand the record back to its topic, with the id it had. Raises NotFound."""

    async def drop(self, dead_letter_id: UUID, *, actor: PersonId, note: str) -> None:
        """End it as `dismissed(unreadable)`. Raises NotFound."""
