"""What drafting asks of others: a writer, and the ledger's unit of work."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from responder.engagement.errors import Refused
from responder.engagement.model import Comment, EngagementId, EventId, Understanding
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """One draft version, or the refusal that stands in its place."""

    engagement_id: EngagementId
    for_revision: int
    text: str | None
    refusal: str | None
    explanation: str | None
    provenance: Provenance | None


class DraftingLedger(Protocol):
    """Claim, work outside any transaction, settle under the token (`runtime.md` 3.1)."""

    async def claim(self, event_id: EventId, *, lease_seconds: float) -> "DraftClaim":
        """Raises DraftClaimHeld while another worker has a running lease."""

    def settle(self, claim: "DraftClaim") -> AbstractAsyncContextManager["DraftingTransaction"]:
        """One transaction under the claim's token; refused for a zombie."""

    async def release(self, claim: "DraftClaim") -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftClaim:
    event_id: EventId
    token: str
    is_done: bool


class DraftingTransaction(Protocol):
    async def record(self, drafted: Drafted, *, at: datetime) -> None:
        """Draft version, audit entry and outbox row; nothing if the item has moved on."""


class DraftingQueries(Protocol):
    async def requests(self, ids: Sequence[EngagementId]) -> Sequence[DraftRequest]:
        """What is needed to draft for those that are still awaiting review; others are left out."""
