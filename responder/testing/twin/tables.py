"""What the ledger holds, as rows in memory. Named like the tables of `adapters/postgres`."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from responder.delivery.ports import AttemptOutcome
from responder.drafting.ports import Drafted
from responder.engagement.deadletter import Buried
from responder.engagement.lifecycle import State
from responder.engagement.model import (
    Comment,
    DismissalReason,
    EngagementId,
    EventId,
    PersonId,
    ReplyId,
    SourceId,
    ThreadKey,
    Understanding,
)
from responder.engagement.ports import Clock
from responder.stream.log import NewRecord
from responder.testing.twin.store import Database, Table, Transaction, Wire, committed

if TYPE_CHECKING:
    from collections.abc import Callable

    from responder.audit.chain import Sealed

Name: TypeAlias = tuple[SourceId, str]
"""Source and the platform's comment id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    is_done: bool
    token: UUID | None = None
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    number: int
    shard: int
    event_id: str
    record: NewRecord
    is_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRow:
    comment: Comment
    version: str
    edited_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementRow:
    id: EngagementId
    name: Name
    thread_key: ThreadKey
    state: State
    understanding: Understanding
    queue: str
    draft_version: int = 0
    draft_state: str = "waiting"
    dismissal: DismissalReason | None = None
    answered_by: str | None = None
    answer_url: str | None = None
    edited_after_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    id: UUID
    engagement_id: EngagementId
    kind: str
    status: str
    actor: PersonId
    made_at: datetime
    release_at: datetime
    context: str
    text: str | None = None
    text_sha256: str | None = None
    reason: DismissalReason | None = None
    settled_at: datetime | None = None
    void_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    reply_id: ReplyId
    engagement_id: EngagementId
    source: SourceId
    next_at: datetime | None
    tries: int = 0
    looks: int = 0
    absent_since: datetime | None = None
    leased_until: datetime | None = None
    token: UUID | None = None
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    reply_id: ReplyId
    number: int
    token: UUID
    idempotency_key: str
    body_sha256: str
    started_at: datetime
    outcome: AttemptOutcome | None = None
    answer: AttemptOutcome | None = None
    external_id: str | None = None
    url: str | None = None
    is_held: bool = False
    may_repeat: bool = False
    settled_at: datetime | None = None
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    event_id: EventId
    """What it was drafted for."""
    drafted: Drafted


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    letter: Buried
    status: str
    counts: bool
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    cursor: str | None = None
    paused: str | None = None
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A verdict of triage that was recorded: which event it came of, in which thread."""

    thread_key: ThreadKey
    event_id: EventId


class Tables(Database):
    """The whole ledger."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.inbox: Table[tuple[str, str], InboxRow] = Table("inbox")
        self.outbox: Table[int, OutboxRow] = Table("outbox")
        self.comments: Table[Name, CommentRow] = Table("comment")
        self.engagements: Table[EngagementId, EngagementRow] = Table("engagement")
        self.decisions: Table[UUID, DecisionRow] = Table("decision")
        self.command_keys: Table[str, EngagementId] = Table("command_key")
        self.jobs: Table[ReplyId, JobRow] = Table("delivery_job")
        self.attempts: Table[tuple[ReplyId, int], AttemptRow] = Table("delivery_attempt")
        self.drafts: Table[tuple[EngagementId, int], DraftRow] = Table("draft_version")
        self.entries: Table[int, Sealed] = Table("audit_entry")
        self.letters: Table[UUID, LetterRow] = Table("dead_letter")
        self.sources: Table[SourceId, SourceRow] = Table("source_state")
        self.effects: Table[int, Effect] = Table("effect")
        self.outbox_told: dict[object, Callable[[], None]] = {}
        """Called when a transaction has left something in the outbox; by who wants to hear it."""


class LedgerTransaction(Transaction):
    """A transaction on the ledger."""

    def __init__(self, tables: Tables, wire: Wire) -> None:
        super().__init__(tables, wire)
        self.tables = tables


@dataclass(frozen=True, slots=True)
class Ledger:
    """The tables as one process reaches them."""

    tables: Tables
    wire: Wire

    def begin(self) -> AbstractAsyncContextManager[LedgerTransaction]:
        return committed(LedgerTransaction(self.tables, self.wire), self.wire)
