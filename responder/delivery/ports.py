"""What delivery asks of a platform, and what it asks of the ledger.

A platform never hides doubt behind an exception: whatever happened comes back as an outcome.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from responder.engagement.errors import Conflict
from responder.engagement.events import Event, ReplyPosted
from responder.engagement.lifecycle import State, Trigger
from responder.engagement.model import Comment, EngagementId, ReplyId, SourceId


class AttemptOutcome(StrEnum):
    """What one call to a platform is known to have done."""

    SENT = "sent"
    """2xx with an id, and public."""
    HANDED_OVER = "handed_over"
    """2xx without an id, or made but held by the site's moderation (then with its id)."""
    REFUSED = "refused"
    """A clean no. No proof that nothing was posted: delivery reads back before it believes it."""
    THROTTLED = "throttled"
    """Later; uses up no try, but after a day a person is asked."""
    NOT_SENT = "not_sent"
    """No byte of the request left."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One attempt to post one approved reply."""

    reply_id: ReplyId
    attempt: int
    idempotency_key: str
    """The same on every attempt of this reply."""
    text: str
    comment_id: str
    """The comment that is answered."""
    thread_id: str
    root_id: str
    """The root of its branch: where some platforms list every reply of the branch."""
    author_name: str
    page_url: str | None
    permalink: str | None
    send_before: float
    """On our monotonic clock: after this no first byte may leave (a worker that was stopped in
    between must not post late). The platform checks it after connecting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What the platform's answer means."""

    outcome: AttemptOutcome
    external_id: str | None = None
    url: str | None = None
    posted_at: datetime | None = None
    """The platform's own time of our reply."""
    detail: str = ""
    """The platform's words, or ours about the connection; at most 300 characters, no secret."""
    after_seconds: float | None = None
    """How long a throttling platform asks to wait."""
    pause_source: bool = False
    """Credentials were refused (401, 403): other replies of this source wait."""
    parent_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReply:
    """A reply of ours, as the platform lists it."""

    external_id: str
    text: str
    url: str | None
    posted_at: datetime | None
    is_public: bool
    """False while it is held, hidden, in spam or trashed. It counts as made all the same."""
    idempotency_key: str | None = None
    """Where the platform stores one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """Our own replies under the comment's branch."""

    replies: tuple[OwnReply, ...]
    is_complete: bool
    """True only if a reply that was made could not be missing from this listing."""


class Preflight(StrEnum):
    """What a look before the call found."""

    OK = "ok"
    GONE = "gone"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do, as data; shown in the console."""

    push: bool
    poll: bool
    edits: bool
    deletes: bool
    posts: bool
    idempotency: str
    """`key`, `client_id`, `upsert`, `refusal` or `none`."""
    reads_back: bool
    text_unit: str = "characters"
    text_max: int = 10_000
    settle_seconds: float = 5.0
    """Until a reply that was made must be visible to reading back."""
    handover_deadline_seconds: float = 86_400.0
    proof: str = "real peer"
    """`real peer`, `vectors` or `simulator`."""


class ReplyPlatform(Protocol):
    """The way out of one source. Constructed per source, with its own credentials."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def preflight(self, posting: Posting) -> Preflight:
        """Look whether the parent still exists and the text fits. Never raises; doubt is OK."""

    async def reply(self, posting: Posting) -> Posted:
        """Post once. Never repeats, never follows a redirect, never raises."""

    async def read_back(self, posting: Posting) -> ReadBack | None:
        """List our replies under the posting's comment; None if the listing failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One recorded call, open (`outcome` None) or settled."""

    number: int
    started_at: datetime
    outcome: AttemptOutcome | None
    answer: AttemptOutcome | None = None
    """What the platform seemed to say; `outcome` is what is known."""
    settled_at: datetime | None = None
    deadline_at: datetime | None = None
    """When a reply that was handed over counts as unknown."""
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One approved reply under lease, with all that the next step depends on."""

    reply_id: ReplyId
    engagement_id: EngagementId
    source: SourceId
    token: UUID
    """The lease. Whoever settles under an older one is refused."""
    state: State
    tries: int
    """How often it was proven not sent, or is in doubt and was to be repeated under its key."""
    looks: int
    """How often reading back did not work, for the last attempt."""
    absent_since: datetime | None
    """When a complete listing first lacked it, for the last attempt."""
    last: Attempt | None
    text: str
    comment: Comment
    first_started_at: datetime | None = None
    """When its first attempt began."""
    kept_key: str | None = None
    """Under which the same words went to the same comment before, if they may stand there: what was
    given up in doubt and is decided once more has the key that it had."""
    was_unknown: bool = False
    """Whether an attempt before the last one may have posted."""
    throttled_since: datetime | None = None
    """Since when each attempt was answered with *later*; None if the last one was not."""
    others: frozenset[str] = frozenset()
    """The platform's ids of what we wrote in the thread to others, or before this reply's first
    attempt, as far as the ledger has heard: never evidence for this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a call or a look means for the attempt, the engagement and the next step."""

    outcome: AttemptOutcome
    trigger: Trigger | None = None
    """The engagement's move, if this settles it."""
    reason: str | None = None
    detail: str = ""
    answer: AttemptOutcome | None = None
    next_in: float | None = None
    """Seconds until the next step; None: there is none."""
    tries: int = 0
    looks: int = 0
    absent_since: datetime | None = None
    external_id: str | None = None
    url: str | None = None
    posted_at: datetime | None = None
    is_held: bool = False
    may_repeat: bool = False
    """It stays in doubt, and the same may be asked again under the same key."""
    handover_deadline: datetime | None = None
    pause_source: str | None = None


@dataclass(eq=False, kw_only=True)
class LeaseLost(Conflict):
    """Another worker holds this delivery by now; nothing was recorded."""


class DeliveryWork(Protocol):
    async def claim(
        self, reply_id: ReplyId | None, *, at: datetime, lease_seconds: float
    ) -> Job | None:
        """Lease one due job (this one, or any), or None. Jobs of paused sources wait.

        One whose last call may have posted is looked up all the same: looking posts nothing.
        """

    async def begin_attempt(self, job: Job, *, at: datetime) -> int | None:
        """Record an attempt, committed before the call; gives its number.

        None if there must be none: the approval was voided, the thread changed (voids it), the
        comment was deleted (withdraws it); while an earlier call may have posted, a person is
        asked instead. Raises LeaseLost.
        """

    async def settle(self, job: Job, settlement: Settlement, *, at: datetime) -> None:
        """Record what is known about the last attempt and what follows. Raises LeaseLost."""

    async def return_to_review(
        self, job: Job, *, trigger: Trigger, reason: str, at: datetime
    ) -> None:
        """A look before the call says that it must not be made. Raises LeaseLost.

        While an earlier call may have posted, a person is asked instead.
        """

    async def postpone(self, job: Job, *, until: datetime) -> None:
        """Give the lease back; the next step is due then."""

    async def receipt(self, event: Event, data: ReplyPosted, *, at: datetime) -> bool:
        """Settle what was handed over; False if no such reply of this source waits for one."""


class DeliveryObserver(Protocol):
    """Told what happened, for the metrics."""

    def attempted(self, platform: str, outcome: AttemptOutcome, /) -> None: ...

    def looked(self, platform: str, finding: str, /) -> None:
        """`found`, `absent` or `inconclusive`."""

    def duplicate_found(self, platform: str, engagement: EngagementId, /) -> None:
        """The platform holds more than one reply to it: the promise is broken."""
