"""A draft writer with prepared answers, for the demo and for tests. Announced where it runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from responder.drafting.ports import DraftRefused, DraftRequest, DraftWriter, Proposal, Provenance
from responder.drafting.wanted import refuse_unwanted
from responder.engagement.legible import fold, words

WRITER = "scripted/1"


@dataclass(frozen=True, slots=True)
class Line:
    """What to answer when every word of `about` stands in the comment."""

    about: str
    text: str


class ScriptedDraftWriter:
    """Implements `DraftWriter`: the first line that fits, else `otherwise`, else a refusal."""

    def __init__(self, script: Sequence[Line], *, otherwise: DraftWriter | None = None) -> None:
        self._script = tuple(script)
        self._otherwise = otherwise

    async def write(self, request: DraftRequest) -> Proposal:
        """Propose one reply; see `DraftWriter.write`. Never raises a Retryable of its own."""
        refuse_unwanted(request, WRITER)
        said = set(words(fold(request.comment.text)))
        for line in self._script:
            if set(words(fold(line.about))) <= said and len(line.text) <= request.limit:
                provenance = Provenance(writer=WRITER, gives=("answer",))
                return Proposal(text=line.text, provenance=provenance)
        if self._otherwise is not None:
            return await self._otherwise.write(request)
        raise DraftRefused(
            reason="no_knowledge",
            explanation="Nothing in the script answers this.",
            provenance=Provenance(writer=WRITER),
        )
