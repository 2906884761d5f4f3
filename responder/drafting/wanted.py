"""When no writer writes: nobody waits, or what is at stake needs a person's own words."""

from responder.drafting.ports import DraftRefused, DraftRequest, Provenance
from responder.engagement.model import Intent, NeedsReply


def refuse_unwanted(request: DraftRequest, writer: str) -> None:
    """Raises DraftRefused: nobody waits for a reply, or the comment speaks of a danger."""
    understanding = request.understanding
    provenance = Provenance(writer=writer)
    if understanding.needs_reply.value == NeedsReply.NO:
        raise DraftRefused(
            reason="not_wanted",
            explanation="Nobody seems to wait for a reply here.",
            provenance=provenance,
        )
    if Intent.CRISIS in understanding.intents:
        raise DraftRefused(
            reason="no_knowledge",
            explanation="This may be an emergency: it needs a person's own words.",
            provenance=provenance,
        )
