"""Drafting: propose a reply, or say why there is none. Nothing outside changes."""

from responder.drafting.ports import (
    Drafted,
    DraftingLedger,
    DraftRefused,
    DraftRequest,
    DraftWriter,
)
from responder.engagement.events import EngagementTriaged, Event
from responder.engagement.model import EngagementId, NeedsReply
from responder.engagement.ports import Clock


class Drafting:
    """One draft version, or one refusal, per event; a redelivered event pays nothing."""

    def __init__(self, *, ledger: DraftingLedger, writer: DraftWriter, clock: Clock) -> None:
        self._ledger = ledger
        self._writer = writer
        self._clock = clock

    async def draft(self, event: Event, data: EngagementTriaged) -> None:
        """Write for what was triaged, unless it has moved on.

        Raises:
            Unavailable, RateLimited: nothing was recorded; try later.
            DraftClaimHeld: another worker is at it.
        """
        claim = await self._ledger.claim(event.id, EngagementId(data.engagement_id))
        if claim.is_done:
            return
        is_settled = False
        try:
            drafted = await self._drafted(claim.request, data)
            await self._ledger.settle(claim, drafted, at=self._clock.now())
            is_settled = True
        finally:
            if not is_settled:  # it failed, or the runtime cancelled us
                await self._ledger.release(claim)

    async def _drafted(
        self, request: DraftRequest | None, data: EngagementTriaged
    ) -> Drafted | None:
        if request is None or request.comment.revision != data.revision:
            return None
        if data.needs_reply is NeedsReply.NO:
            return _refused(request, "not_wanted", "Nobody seems to wait for a reply here.")
        try:
            proposal = await self._writer.write(request)
        except DraftRefused as refusal:
            return _refused(request, refusal.reason, refusal.explanation, refusal)
        return Drafted(
            engagement_id=request.engagement_id,
            for_revision=request.comment.revision,
            text=proposal.text,
            refusal=None,
            explanation=None,
            provenance=proposal.provenance,
        )


def _refused(
    request: DraftRequest, reason: str, explanation: str, refusal: DraftRefused | None = None
) -> Drafted:
    return Drafted(
        engagement_id=request.engagement_id,
        for_revision=request.comment.revision,
        text=None,
        refusal=reason,
        explanation=explanation,
        provenance=refusal.provenance if refusal else None,
    )
