"""A place in memory where replies are posted: obedient, or lying, late, refusing and repeating."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from responder.delivery.ports import (
    AttemptOutcome,
    Capabilities,
    OwnReply,
    Posted,
    Posting,
    Preflight,
    ReadBack,
)
from responder.engagement.ports import Clock

if TYPE_CHECKING:
    from datetime import datetime

OBEDIENT = Capabilities(
    push=True,
    poll=True,
    edits=True,
    deletes=True,
    posts=True,
    idempotency="none",
    reads_back=True,
    settle_seconds=5.0,
    proof="simulator",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What one call does: whether the reply is stored, and what the answer says."""

    stores: bool = True
    answer: AttemptOutcome = AttemptOutcome.SENT
    after_seconds: float | None = None
    is_public: bool = True
    tells_id: bool = True
    pauses: bool = False


@dataclass(slots=True)
class Place:
    """Implements `delivery.ports.ReplyPlatform`; `replies` is what stands there."""

    clock: Clock
    capabilities: Capabilities = OBEDIENT
    replies: list[tuple[str, OwnReply]] = field(default_factory=list)
    """By the comment that they answer."""
    script: deque[Behaviour] = field(default_factory=deque)
    """What the next calls do; when it is used up, every call stores and says so."""
    listing_fails: bool = False
    listing_is_complete: bool = True
    lists_whole_branch: bool = False
    """Every reply is listed, whichever comment it answers; as where branches are flattened."""
    link: str | None = None
    """What every answer gives as the reply's link, if not a proper one."""
    gone: set[str] = field(default_factory=set)
    calls: int = 0

    def will(self, behaviours: Iterable[Behaviour]) -> None:
        self.script.extend(behaviours)

    def texts(self, comment_id: str) -> list[str]:
        return [reply.text for parent, reply in self.replies if parent == comment_id]

    async def preflight(self, posting: Posting) -> Preflight:
        return Preflight.GONE if posting.comment_id in self.gone else Preflight.OK

    async def reply(self, posting: Posting) -> Posted:
        self.calls += 1
        behaviour = self.script.popleft() if self.script else Behaviour()
        kept = self._kept_under(self._key(posting))
        external_id = kept or f"reply-{len(self.replies) + 1}"
        posted_at: datetime = self.clock.now()
        if behaviour.stores and kept is None:
            made = OwnReply(
                external_id=external_id,
                text=posting.text,
                url=self.link or f"https://place.example/{external_id}",
                posted_at=posted_at,
                is_public=behaviour.is_public,
                idempotency_key=self._key(posting),
            )
            self.replies.append((posting.comment_id, made))
        is_told = behaviour.tells_id and behaviour.answer in {
            AttemptOutcome.SENT,
            AttemptOutcome.HANDED_OVER,
        }
        return Posted(
            outcome=behaviour.answer,
            external_id=external_id if is_told else None,
            url=(self.link or f"https://place.example/{external_id}") if is_told else None,
            posted_at=posted_at if is_told else None,
            after_seconds=behaviour.after_seconds,
            detail="as the script says",
            pause_source=behaviour.pauses,
        )

    async def read_back(self, posting: Posting) -> ReadBack | None:
        if self.listing_fails:
            return None
        listed = tuple(
            reply
            for parent, reply in self.replies
            if parent == posting.comment_id or self.lists_whole_branch
        )
        return ReadBack(replies=listed, is_complete=self.listing_is_complete)

    def _key(self, posting: Posting) -> str | None:
        return posting.idempotency_key if self.capabilities.idempotency == "key" else None

    def _kept_under(self, key: str | None) -> str | None:
        """The id of the reply that stands under this key."""
        kept = (reply for _, reply in self.replies if key is not None)
        return next((each.external_id for each in kept if each.idempotency_key == key), None)
