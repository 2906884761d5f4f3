"""The figures of response times, as the API gives them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from responder.insights.response_times import Kept, Oldest, Open, ResponseTimes, Wait
from responder.insights.waits import Basis, Clock
from responder.web.api.models import Shown

Seconds = Annotated[int | None, Field(description="Null: it has not come to that yet.")]
Share = Annotated[float | None, Field(description="From 0 to 1; null: there was nothing to count.")]


class PointShown(Shown):
    """From so many seconds on, until the next point."""

    seconds: int
    still_waiting: float


class WaitShown(Shown):
    """How long a first reply takes by one clock, counted with those who still wait for one."""

    clock: Annotated[
        Clock, Field(description="`wall`: every hour counts; `business`: office hours alone.")
    ]
    basis: Annotated[Basis, Field(description="Since it was published, or since we received it.")]
    median_seconds: Seconds
    p90_seconds: Seconds
    unanswered: Annotated[
        dict[str, float | None],
        Field(description="The share without a reply after `1h`, `24h`, `7d` of this clock."),
    ]
    curve: list[PointShown]

    @classmethod
    def of(cls, clock: Clock, basis: Basis, wait: Wait) -> Self:
        return cls(
            clock=clock,
            basis=basis,
            median_seconds=wait.median,
            p90_seconds=wait.p90,
            unanswered=dict(wait.unanswered()),
            curve=[
                PointShown(seconds=point.seconds, still_waiting=point.waiting)
                for point in wait.curve.points
            ],
        )


class DueShown(Shown):
    """How due times of one target and tier came out."""

    target: str
    tier: Annotated[str, Field(description="How long an answer may take, such as `8h`.")]
    met: int
    missed: int
    excused: Annotated[int, Field(description="Ended before it was due, with no reply owed.")]
    service_level: Share
    objective: Share

    @classmethod
    def of(cls, kept: Kept, objectives: Mapping[str, float]) -> Self:
        return cls(
            target=kept.sla,
            tier=kept.tier,
            met=kept.met,
            missed=kept.missed,
            excused=kept.excused,
            service_level=kept.level,
            objective=objectives.get(kept.sla),
        )


class OldestShown(Shown):
    engagement_id: UUID
    since: datetime

    @classmethod
    def of(cls, oldest: Oldest | None) -> Self | None:
        if oldest is None:
            return None
        return cls(engagement_id=oldest.engagement_id, since=oldest.since)


class OpenShown(Shown):
    """What is open now, whenever it came."""

    items: int
    overdue: int
    at_risk: int
    oldest_published: OldestShown | None
    oldest_received: OldestShown | None

    @classmethod
    def of(cls, now: Open) -> Self:
        return cls(
            items=now.items,
            overdue=now.overdue,
            at_risk=now.at_risk,
            oldest_published=OldestShown.of(now.oldest_published),
            oldest_received=OldestShown.of(now.oldest_received),
        )


class ResponseTimesShown(Shown):
    """Of what came in these days (UTC, both included): how long people waited, or wait still."""

    as_of: datetime
    first: date
    last: date
    came: int
    replied: int
    closed: int
    waiting: int
    waits: list[WaitShown]
    due: Annotated[list[DueShown], Field(description="What became due in these days.")]
    due_again: Annotated[
        list[DueShown], Field(description="The same of what had been opened again.")
    ]
    open: OpenShown

    @classmethod
    def of(cls, times: ResponseTimes) -> Self:
        return cls(
            as_of=times.at,
            first=times.days.first,
            last=times.days.last,
            came=times.came,
            replied=times.replied,
            closed=times.closed,
            waiting=times.waiting,
            waits=[WaitShown.of(*measure, wait) for measure, wait in times.waits.items()],
            due=[DueShown.of(each, times.objectives) for each in times.due],
            due_again=[DueShown.of(each, times.objectives) for each in times.due_again],
            open=OpenShown.of(times.open),
        )
