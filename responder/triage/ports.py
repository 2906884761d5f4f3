"""What triage asks of others: who understands a text, and the ledger's unit of work."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from responder.engagement.events import EngagementReceived, Event
from responder.engagement.lifecycle import State, Trigger
from responder.engagement.model import (
    Comment,
    DismissalReason,
    DueOutcome,
    EngagementId,
    EventId,
    SourceId,
    ThreadKey,
    Understanding,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """What a classifier may see of one comment."""

    text: str
    author_name: str
    language_hint: str | None
    own_names: frozenset[str]
    """Names under which the team writes there: a mention of one is addressed to us."""
    page_title: str | None = None
    mentions: tuple[str, ...] = ()


class Classifier(Protocol):
    """Understands comments. Pure in effect: asking again is harmless and gives the same."""

    async def classify(self, batch: Sequence[Readable]) -> Sequence[Understanding]:
        """One understanding per text, in order."""


class LanguageDetector(Protocol):
    def detect(self, text: str) -> tuple[str, float]:
        """BCP 47 primary tag and probability; `("und", p)` when too short or unsure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One inbound event with what the log says about it."""

    event: Event
    data: EngagementReceived
    received_at: datetime
    """When the log took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger knew of one natural key before this batch."""

    comment: Comment
    version: str
    edited_at: datetime | None
    engagement_id: EngagementId | None
    state: State | None
    is_rule_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One state change of one engagement, with why."""

    trigger: Trigger
    from_state: State
    to_state: State
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A new engagement."""

    engagement_id: EngagementId
    arrival: Arrival
    comment: Comment
    version: str
    understanding: Understanding
    queue: str
    sla: str | None
    due_at: datetime | None
    moves: tuple[Move, ...]
    due_outcome: DueOutcome | None = None
    dismissed: DismissalReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An edit or deletion of a comment that the ledger knows; perhaps of an engagement too."""

    arrival: Arrival
    comment: Comment
    version: str
    engagement_id: EngagementId | None
    understanding: Understanding | None = None
    moves: tuple[Move, ...] = ()
    voids_approval: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSeen:
    """Our own account wrote: an echo of a reply, or an answer given outside Responder."""

    arrival: Arrival
    comment: Comment
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What triage decided about a batch, in the order of the log."""

    verdicts: tuple["Accepted | Changed | OwnSeen", ...]
    stale: tuple[EventId, ...] = field(default=())
    """Edits older than what is stored, and repeats of what is known: nothing to do."""


class TriageTransaction(Protocol):
    async def claim(self, consumer: str, ids: Collection[EventId]) -> frozenset[EventId]:
        """Mark as handled, in this transaction; gives those that nobody handled before."""

    async def lock_threads(self, keys: Collection[ThreadKey]) -> None:
        """Lock in order, making rows where there are none."""

    async def known(
        self, keys: Collection[tuple[SourceId, str]]
    ) -> Mapping[tuple[SourceId, str], Known]:
        """By (source, comment id)."""

    async def record(self, verdicts: Verdicts, *, at: datetime) -> None:
        """Ledger rows, audit entries and outbox rows."""


class TriageWork(Protocol):
    def begin(self) -> AbstractAsyncContextManager[TriageTransaction]:
        """One transaction: committed at the end of the block, rolled back on an exception."""
