"""What the operator configured, as the stages see it: places, queues, targets, words.

Parsed from `responder.toml` by the composition root; frozen, and named by the hash of the text it
came from, so that every decision can say under which version it was made. Holds no secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from responder.engagement.errors import NotFound
from responder.engagement.model import Audience, Intent, NeedsReply, SourceId, Urgency


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When somebody is there. A day without an entry is closed."""

    name: str
    zone: ZoneInfo
    week: Mapping[int, tuple[tuple[time, time], ...]]
    """Weekday (0 = Monday) to opening intervals, in order, not overlapping."""
    holidays: frozenset[date] = frozenset()


def in_short(target: timedelta) -> str:
    """As a target is written in `responder.toml`, in its largest units: `45m`, `8h`, `1d12h`."""
    seconds = int(target.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Another target for some. No condition: for all."""

    target: timedelta
    audiences: frozenset[Audience] = frozenset()
    urgencies: frozenset[Urgency] = frozenset()

    def holds(self, audience: Audience, urgency: Urgency) -> bool:
        return (not self.audiences or audience in self.audiences) and (
            not self.urgencies or urgency in self.urgencies
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens before or after an answer is due, while there is none: a warning, or more."""

    name: str
    offset: timedelta
    """From when it is due, in the time that counts; negative: before."""
    queue: str | None = None
    """It goes there."""
    person: str | None = None
    """It is put before whoever has this name."""
    webhook: str | None = None
    """It is told to this one."""

    @property
    def is_warning(self) -> bool:
        """Whether it comes before the answer is due."""
        return self.offset < timedelta()


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """A first public reply within `target`, counted in office hours if there are any."""

    name: str
    target: timedelta
    hours: OfficeHours | None = None
    tiers: tuple[Tier, ...] = ()
    may_be_stopped: bool = False
    """Whether a person may stop a clock that runs under it, with a reason."""
    steps: tuple[Step, ...] = ()
    objective: float = 0.95
    """The share of its due times that is to be met; nothing acts on it."""

    def target_for(self, *, audience: Audience, urgency: Urgency) -> timedelta:
        """That of the first tier whose every condition holds, else the policy's own."""
        for tier in self.tiers:
            if tier.holds(audience, urgency):
                return tier.target
        return self.target

    @property
    def tier_names(self) -> frozenset[str]:
        """Its targets in short: what a metric calls its tiers."""
        return frozenset({in_short(self.target), *(in_short(each.target) for each in self.tiers)})


@dataclass(frozen=True, slots=True)
class Source:
    """One connected place."""

    id: SourceId
    platform: str
    """Which module of `responder.platforms` speaks with it."""
    title: str
    url: str | None = None
    own_author_ids: frozenset[str] = frozenset()
    own_names: frozenset[str] = frozenset()
    """Under which the team writes there: recognised as ours, never queued."""
    post_as: str = ""
    """The name that our replies carry there."""
    queue: str = "default"
    audience: Audience = Audience.UNKNOWN
    """Who writes there, unless the author is named otherwise."""
    sends: bool = True
    """False: replies are offered to copy, nothing is posted."""


@dataclass(frozen=True, slots=True)
class Route:
    """The first route whose every condition holds chooses the queue. No condition: always."""

    queue: str
    sources: frozenset[str] = frozenset()
    intents: frozenset[Intent] = frozenset()
    languages: frozenset[str] = frozenset()
    urgencies: frozenset[Urgency] = frozenset()
    needs_reply: frozenset[NeedsReply] = frozenset()
    audiences: frozenset[Audience] = frozenset()


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    title: str
    sla: str | None = None
    """The name of a policy; without one its items have no due time."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A passage that may be quoted to the public, verbatim."""

    id: str
    title: str
    text: str
    url: str | None = None
    language: str | None = None
    sources: frozenset[str] = frozenset()
    """Only for comments at these sources; empty: for all."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How the brand speaks. By language, with `en` as the fallback."""

    name: str = ""
    signature: str = ""
    openings: Mapping[str, str] = field(default_factory=dict)
    closings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedReply:
    name: str
    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Workspace:
    version: str
    """SHA-256 of the configuration's text."""
    sources: Mapping[SourceId, Source]
    queues: Mapping[str, Queue]
    routes: tuple[Route, ...] = ()
    policies: Mapping[str, SlaPolicy] = field(default_factory=dict)
    audiences: Mapping[tuple[SourceId, str], Audience] = field(default_factory=dict)
    """Authors by source and the platform's id of them."""
    spam_keywords: tuple[str, ...] = ()
    """Commercial words that mark a bland compliment as an advert when they sign it."""
    languages: tuple[str, ...] = ()
    """What the language detector chooses among; empty: some thirty common languages."""
    knowledge: tuple[Knowledge, ...] = ()
    voice: Voice = field(default_factory=Voice)
    saved_replies: tuple[SavedReply, ...] = ()

    def source(self, name: str) -> Source:
        """Raises NotFound for a place that is not configured."""
        try:
            return self.sources[SourceId(name)]
        except KeyError:
            raise NotFound(what="source", name=name[:64]) from None

    def audience_of(self, source: Source, author_id: str) -> Audience:
        return self.audiences.get((source.id, author_id), source.audience)

    def policy_of(self, queue: str) -> SlaPolicy | None:
        """None where nothing is due in it, and for a queue that is not configured any more."""
        known = self.queues.get(queue)
        return None if known is None or known.sla is None else self.policies[known.sla]
