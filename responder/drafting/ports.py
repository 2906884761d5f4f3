"""What drafting asks of others: a writer, and the ledger's unit of work."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from responder.engagement.errors import RateLimited, Refused
from responder.engagement.model import Comment, EngagementId, EventId, SourceId, Understanding
from responder.engagement.workspace import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRequest:
    """Everything a writer may use. Nothing in it is secret from the comment's author."""

    engagement_id: EngagementId
    source: Source
    comment: Comment
    branch: tuple[Comment, ...]
    """Ancestors and earlier comments of the branch, oldest first, at most 20, without `comment`."""
    understanding: Understanding
    limit: int
    """Longest text, in characters."""
    instruction: str | None = None
    """What the reviewer asked for in a redraft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage of knowledge that a draft used, as it was."""

    id: str
    title: str
    quote: str
    url: str | None
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a draft came from. Kept with it, shown beside it."""

    writer: str
    """`template/1`, or `openai/<prompt version>`."""
    model: str | None = None
    """As the server reported it."""
    endpoint: str | None = None
    """The host the comment was sent to; None if it stayed here."""
    passages: tuple[Passage, ...] = ()
    unsupported: tuple[str, ...] = ()
    """Sentences that nothing supports."""
    gives: tuple[str, ...] = ()
    checks: tuple[tuple[str, bool], ...] = ()
    input_tokens: int | None = None
    output_tokens: int | None = None
    attempts: tuple[str, ...] = field(default=())
    """Earlier tries and why each was not used (`openai: timeout`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    text: str
    provenance: Provenance


@dataclass(eq=False, kw_only=True)
class DraftRefused(Refused):
    """No suggestion: {explanation}"""  # noqa: D415 - the explanation ends the sentence

    reason: str
    """`no_knowledge`, `ungrounded`, `gives_nothing`, `wrong_language`, `too_long`, `promotion`,
    `personal_data`, `unsafe_output`, `invalid_output`, `model_declined`, `unavailable`,
    `not_wanted` (nobody waits for a reply)."""
    explanation: str
    provenance: Provenance | None = None


class DraftWriter(Protocol):
    """Proposes a reply; posts nothing and decides nothing.

    The caller may assume: asking again is harmless, nothing outside changes.
    The implementer must not: call a platform, follow a link, or state what it cannot support
    without saying so.
    """

    async def write(self, request: DraftRequest) -> Proposal:
        """Propose one reply.

        Raises:
            DraftRefused: nothing helpful or permitted to say; carries the reason a person sees.
            RateLimited, Unavailable: nothing was written; try later.
        """


@dataclass(frozen=True, slots=True)
class Reservation:
    """Tokens that were set aside for one call of a model."""

    source: SourceId
    day: date
    """In UTC, whenever the call ends."""
    tokens: int


class TokenBudget(Protocol):
    """How many tokens a model may use for the comments of a source in a day.

    What nobody settles stays used: whether a call that broke off was charged, nobody here knows.
    """

    async def reserve(self, source: SourceId, tokens: int) -> Reservation | None:
        """Set aside the most that a call can come to. None: so many are not left today.

        Raises:
            Unavailable: nobody can tell now.
        """

    async def settle(self, reserved: Reservation, used: int) -> None:
        """Tell what the call came to, once. Raises Unavailable: then it stays as reserved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """One draft version, or the refusal that stands in its place."""

    engagement_id: EngagementId
    for_revision: int
    text: str | None
    refusal: str | None
    explanation: str | None
    provenance: Provenance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftClaim:
    """The right to draft for one event, until its lease ends."""

    event_id: EventId
    token: UUID
    is_done: bool
    """Settled before: a repeat, nothing to do."""
    request: DraftRequest | None = None
    """What is needed to draft; None if the item is not awaiting review any more."""


@dataclass(eq=False, kw_only=True)
class DraftClaimHeld(RateLimited):
    """Another worker is drafting this; look again in {after_seconds:.0f} s."""


class DraftingLedger(Protocol):
    """Claim, work outside any transaction, settle under the claim's token."""

    async def claim(self, event_id: EventId, engagement_id: EngagementId) -> DraftClaim:
        """Lease the event of this item; the lease is renewed until it is settled or released.

        Raises:
            DraftClaimHeld: another worker's lease runs.
        """

    async def release(self, claim: DraftClaim) -> None:
        """Give the lease back without a result, so that another worker need not wait for its end."""

    async def settle(self, claim: DraftClaim, drafted: Drafted | None, *, at: datetime) -> None:
        """Draft version, audit entry, outbox row and the claim's end, in one transaction.

        A worker whose lease was taken over records nothing: the other one's draft stands.

        Raises:
            DraftClaimHeld: the other one is still at it, and may die: look again.
        """
