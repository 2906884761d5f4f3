"""What a check may see of a draft, and what it says when it objects."""

from dataclasses import dataclass, field

from responder.drafting.ports import Passage
from responder.engagement.model import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    text: str
    kind: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft before anybody sees it."""

    sentences: tuple[Sentence, ...]
    text: str
    language: str
    """What it must be written in; `und` when nobody knows."""
    limit: int
    comment: str
    intents: frozenset[Intent]
    offered: tuple[Passage, ...]
    """Every passage that the writer was given, whole in `quote`."""
    secrets: tuple[str, ...] = ()
    """Canary and nonces of the prompt."""
    instructions: str = ""
    """The prompt's own words, which no reply repeats."""
    earlier: tuple[str, ...] = field(default=())
    """Our replies in the same thread."""

    @property
    def cited(self) -> tuple[Passage, ...]:
        ids = {c for s in self.sentences for c in s.cites}
        return tuple(p for p in self.offered if p.id in ids)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a draft may not be shown; `reason` is one of `DraftRefused.reason`."""

    reason: str
    explanation: str
