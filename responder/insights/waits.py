"""How long somebody waited, by both clocks and from both beginnings."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from responder.engagement.sla import counted
from responder.engagement.workspace import OfficeHours
from responder.insights.steps import LONGEST


class Clock(StrEnum):
    WALL = "wall"
    """Every hour counts, as for the person who waits."""
    BUSINESS = "business"
    """Only the office hours of its target count; every hour where it has none."""


class Basis(StrEnum):
    PUBLISHED = "published"
    """Since it was published: what the person waited."""
    RECEIVED = "received"
    """Since we received it: what we took."""


Measure: TypeAlias = tuple[Clock, Basis]
MEASURES: tuple[Measure, ...] = tuple((clock, basis) for clock in Clock for basis in Basis)


def waited(
    *,
    published_at: datetime,
    received_at: datetime,
    ended_at: datetime,
    hours: OfficeHours | None,
) -> Mapping[Measure, Decimal]:
    """Seconds by each measure, at most `LONGEST` and never below 0, whatever the clocks said.

    A stop of its clock changes when an answer is due, and not how long somebody waits: it counts.
    """
    found: dict[Measure, Decimal] = {}
    for basis, began_at in ((Basis.PUBLISHED, published_at), (Basis.RECEIVED, received_at)):
        since = min(max(began_at, ended_at - LONGEST), ended_at)
        found[Clock.WALL, basis] = _seconds(ended_at - since)
        found[Clock.BUSINESS, basis] = _seconds(counted(since, ended_at, hours))
    return found


def _seconds(length: timedelta) -> Decimal:
    """To the microsecond: sums of them do not depend on their order."""
    return Decimal(length // timedelta(microseconds=1)).scaleb(-6)
