"""A writer that is always there behind one that may not be."""

from dataclasses import replace

from responder.drafting.ports import DraftRefused, DraftRequest, DraftWriter, Proposal, Provenance
from responder.engagement.errors import Retryable

TECHNICAL = frozenset({"invalid_output", "unsafe_output", "model_declined", "unavailable"})
"""Refusals that say something about the writer, nothing about the comment."""


class FallbackDraftWriter:
    """Asks `first`; where that fails, `second`, and keeps in the provenance what was tried.

    A refusal for the comment's sake (nothing known, nobody waits) is final: the second writer
    knows no more.
    """

    def __init__(self, first: DraftWriter, second: DraftWriter) -> None:
        self._first = first
        self._second = second

    async def write(self, request: DraftRequest) -> Proposal:
        """Propose one reply; see `DraftWriter.write`."""
        try:
            return await self._first.write(request)
        except Retryable as failure:
            tried: tuple[str, ...] = ()
            why = str(failure)
        except DraftRefused as refusal:
            if refusal.reason not in TECHNICAL:
                raise
            tried, why = _attempts(refusal), f"{_writer(refusal)}: {refusal.explanation}"
        return await self._instead(request, (*tried, why))

    async def _instead(self, request: DraftRequest, attempts: tuple[str, ...]) -> Proposal:
        try:
            proposal = await self._second.write(request)
        except DraftRefused as refusal:
            refusal.provenance = _with(attempts, refusal.provenance or Provenance(writer="none"))
            raise
        return replace(proposal, provenance=_with(attempts, proposal.provenance))


def _with(attempts: tuple[str, ...], provenance: Provenance) -> Provenance:
    return replace(provenance, attempts=(*attempts, *provenance.attempts))


def _writer(refusal: DraftRefused) -> str:
    return refusal.provenance.writer if refusal.provenance else "first writer"


def _attempts(refusal: DraftRefused) -> tuple[str, ...]:
    return refusal.provenance.attempts if refusal.provenance else ()
