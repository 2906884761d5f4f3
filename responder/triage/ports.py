"""What triage asks of others: who understands a text, and the ledger's unit of work."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from responder.engagement.clock import Tick
from responder.engagement.events import EngagementReceived, Event
from responder.engagement.lifecycle import Move, State
from responder.engagement.model import (
    Audience,
    Comment,
    DismissalReason,
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
    page_url: str | None = None
    mentions: tuple[str, ...] = ()
    has_attachments: bool = False
    """A picture says something, whatever the text does."""


class Classifier(Protocol):
    """Understands comments. Pure in effect: asking again is harmless and gives the same."""

    async def classify(self, batch: Sequence[Readable]) -> Sequence[Understanding]:
        """One understanding per text, in order."""


class LanguageDetector(Protocol):
    @property
    def model(self) -> str:
        """Name and version of what decides."""

    def detect(self, text: str) -> tuple[str, float]:
        """BCP 47 primary tag and probability; `("und", p)` when too short or unsure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One inbound event with what the log says about it."""

    event: Event
    data: EngagementReceived
    received_at: datetime
    """When the log took it."""
    dead_letter: str | None = None
    """The id of the dead letter that it was retried from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger knew of one natural key before this arrival."""

    comment: Comment
    version: str
    edited_at: datetime | None
    engagement_id: EngagementId | None
    state: State | None
    is_rule_closed: bool = False
    has_open_attempt: bool = False
    """A delivery is open or in doubt: only its outcome may move the engagement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A new engagement."""

    engagement_id: EngagementId
    arrival: Arrival
    comment: Comment
    version: str
    understanding: Understanding
    audience: Audience
    queue: str
    tick: Tick | None
    """What starts its clock; None: it is never due."""
    due_at: datetime | None
    moves: tuple[Move, ...]
    dismissed: DismissalReason | None = None

    @property
    def sla(self) -> str | None:
        """The name of the policy that its clock runs under."""
        return None if self.tick is None or self.tick.terms is None else self.tick.terms.policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An edit or deletion; of an engagement too, if there is one."""

    arrival: Arrival
    comment: Comment
    version: str
    engagement_id: EngagementId | None
    understanding: Understanding | None = None
    """Judged anew, while the item is open."""
    audience: Audience | None = None
    queue: str | None = None
    tick: Tick | None = None
    """What starts its clock anew, when this opens what a rule had closed."""
    moves: tuple[Move, ...] = ()
    dismissed: DismissalReason | None = None
    is_after_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSeen:
    """Our own account wrote: an echo of a reply, or an answer given outside Responder."""

    arrival: Arrival
    comment: Comment
    version: str
    moves: tuple[Move, ...] = ()
    engagement_id: None = None


Verdict = Accepted | Changed | OwnSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApproval:
    """A decision that can still be stopped: a reply without an attempt, or a held closing."""

    engagement_id: EngagementId
    state: State
    comment_id: str
    context: str
    """The digest it was made under."""
    is_reply: bool
    thread: tuple[Comment, ...]
    """The whole thread, as the ledger holds it now."""


class TriageTransaction(Protocol):
    async def claim(self, consumer: str, ids: Collection[EventId]) -> frozenset[EventId]:
        """Mark as handled, in this transaction; gives those that nobody handled before."""

    async def lock_threads(self, keys: Collection[ThreadKey]) -> None:
        """Lock in order, making rows where there are none."""

    async def known(
        self, keys: Collection[tuple[SourceId, str]]
    ) -> Mapping[tuple[SourceId, str], Known]:
        """By (source, comment id)."""

    async def record(
        self, verdicts: Sequence[Verdict], *, config_version: str, at: datetime
    ) -> None:
        """Comments, engagements, audit entries and outbox rows."""

    async def settle_own(self, own: OwnSeen, *, at: datetime) -> bool:
        """Let a comment of ours be evidence.

        The echo of a reply settles its delivery; a direct answer that a colleague gave on the
        platform ends what it answers, marked *elsewhere*. Gives whether it was either.
        """

    async def open_approvals(self, keys: Collection[ThreadKey]) -> Sequence[OpenApproval]:
        """In these threads, usually none."""

    async def void(self, approval: OpenApproval, *, reason: str, at: datetime) -> None:
        """Back to review: the thread is not what the approval was given for."""

    async def settle_retried(self, dead_letters: Collection[str]) -> None:
        """These records came out of the dead letters and are done now: close their rows."""


class TriageWork(Protocol):
    def begin(self) -> AbstractAsyncContextManager[TriageTransaction]:
        """One transaction: committed at the end of the block, rolled back on an exception."""
