"""What the page of response times says, and what each of its figures is made of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from responder.engagement.model import EngagementId
from responder.insights.survival import Curve, survival
from responder.insights.waits import MEASURES, Measure

AGES = {"1h": 3_600, "24h": 86_400, "7d": 604_800}
"""Of which it is said how many had no reply yet, in seconds."""
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days in UTC, both included, at most `MOST_DAYS`."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not 0 < self.count <= MOST_DAYS:
            raise ValueError(f"{self.count} days, and not from 1 to {MOST_DAYS}")

    @classmethod
    def until(cls, today: date, count: int) -> "Days":
        """So many days, today included."""
        return cls(today - timedelta(days=count - 1), today)

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Ends:
    """How many waits came to which step (`steps.STEPS`), by one measure."""

    replied: Counter[int] = field(default_factory=Counter)
    closed: Counter[int] = field(default_factory=Counter)
    waiting: Counter[int] = field(default_factory=Counter)

    @property
    def curve(self) -> Curve:
        return survival(self.replied, self.closed + self.waiting)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a first reply takes by one measure, counted with those who still wait for one."""

    curve: Curve

    @property
    def median(self) -> int | None:
        """Seconds within which half had a reply; None: not half of them have one yet."""
        return self.curve.by(0.5)

    @property
    def p90(self) -> int | None:
        """Seconds within which nine of ten had a reply; None: it has not come to that."""
        return self.curve.by(0.9)

    def unanswered(self) -> Mapping[str, float | None]:
        """By the names of `AGES`; None: nobody has been seen to wait so long."""
        return {name: self.curve.waiting(seconds) for name, seconds in AGES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How the due times of one target and tier came out."""

    sla: str
    tier: str
    """The target in short; empty: not known."""
    met: int = 0
    missed: int = 0
    excused: int = 0
    """Closed or deleted before they were due: no reply was owed."""

    @property
    def level(self) -> float | None:
        """The service level: met of those that were due; None: none was."""
        return self.met / (self.met + self.missed) if self.met + self.missed else None


@dataclass(frozen=True, slots=True)
class Oldest:
    """An open comment that nobody has waited longer for."""

    engagement_id: EngagementId
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What is open now, whenever it came."""

    items: int
    overdue: int
    at_risk: int
    """Not late yet: warned of, or with little of its time left."""
    oldest_published: Oldest | None
    """Among those that nobody has replied to yet, without what stood there before us."""
    oldest_received: Oldest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTimes:
    """The page, at one moment."""

    at: datetime
    days: Days
    came: int
    """Received in these days, without what stood there before its place was connected."""
    replied: int
    """Of those, with a first public reply; also if they are open again."""
    closed: int
    waiting: int
    waits: Mapping[Measure, Wait]
    """Of what came in these days."""
    due: Sequence[Kept]
    """What became due in these days, by target and tier; whenever it came."""
    due_again: Sequence[Kept]
    """The same of what had been opened again after its end, and so became due once more."""
    objectives: Mapping[str, float]
    """The share that is to be met, by target."""
    open: Open


def waits_of(ends: Mapping[Measure, Ends]) -> Mapping[Measure, Wait]:
    """Of every measure."""
    return {measure: Wait(ends.get(measure, Ends()).curve) for measure in MEASURES}


def together(due: Sequence[Kept]) -> Kept:
    """All of them as one."""
    return Kept(
        sla="",
        tier="",
        met=sum(each.met for each in due),
        missed=sum(each.missed for each in due),
        excused=sum(each.excused for each in due),
    )


class ResponseTimesDesk(Protocol):
    """Where the page's figures come from."""

    async def response_times(self, days: Days) -> ResponseTimes:
        """All of them, as of one moment (the database's), by a fixed number of statements.

        Raises:
            Unavailable: the ledger cannot be read now.
        """
