"""The clock of one engagement: what started, stopped and changed it, and when an answer is due.

Every act is kept, and the due time is what folding them gives: whoever doubts a stored one can fold
again. An act says under which terms the clock runs from then on: the target and the calendar as they
were, so that an old clock stays explained however the configuration has changed since.

- `started`: the comment came. `restarted`: it was open again after its end; a new period begins.
- `changed`: other terms, for a reason; they count from the beginning of the period, as if they had
  always held, because the person waits since then.
- `paused`, `resumed`: the time between does not count. A clock does not run out while it stands.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from responder.engagement.errors import Conflict
from responder.engagement.model import Audience, Urgency
from responder.engagement.sla import Stretch, due_at
from responder.engagement.workspace import OfficeHours, SlaPolicy, Step, in_short

RISKY_SHARE = 0.2
"""With less of its time left an answer is at risk to come late, where no step warns before."""


class ClockAct(StrEnum):
    STARTED = "started"
    RESTARTED = "restarted"
    CHANGED = "changed"
    PAUSED = "paused"
    RESUMED = "resumed"


def calendar_of(hours: Mapping[str, Any]) -> str:
    """A name for a calendar as it is stored: the beginning of the SHA-256 of what it says."""
    return _hash(hours)[:12]


def _hash(said: object) -> str:
    written_out = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written_out.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a clock runs under: one target of one policy, and its calendar, as they were."""

    policy: str
    target: timedelta
    hours: OfficeHours | None = None
    steps: tuple[Step, ...] = ()

    @property
    def version(self) -> str:
        """Tells two terms apart: SHA-256 of what they say."""
        return _hash(written(self))

    @property
    def tier(self) -> str:
        """The target in short, which names the tier: `45m`, `8h`, `1d12h`."""
        return in_short(self.target)

    @property
    def calendar(self) -> str | None:
        """Tells two calendars apart; None: every hour counts."""
        return None if self.hours is None else calendar_of(written(self)["hours"])


def terms_of(policy: SlaPolicy | None, *, audience: Audience, urgency: Urgency) -> Terms | None:
    """What this policy means for such a comment, now; nothing where there is none."""
    if policy is None:
        return None
    return _terms(policy, policy.target_for(audience=audience, urgency=urgency))


def all_terms(policies: Iterable[SlaPolicy]) -> list[Terms]:
    """Whatever these policies may mean for a comment."""
    return [
        _terms(policy, target)
        for policy in policies
        for target in (policy.target, *(tier.target for tier in policy.tiers))
    ]


def _terms(policy: SlaPolicy, target: timedelta) -> Terms:
    return Terms(policy=policy.name, target=target, hours=policy.hours, steps=policy.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One act on a clock."""

    act: ClockAct
    at: datetime
    actor: str
    """As in the record of acts: `triage`, `person:<id>`, `operator`, …"""
    reason: str
    terms: Terms | None = None
    """Of `started`, `restarted` and `changed`; None: from then on nothing is due."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step, and when it is to be taken."""

    step: Step
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How a clock stands after its acts."""

    began_at: datetime
    """When it was started, or started anew."""
    terms: Terms | None
    pauses: tuple[Stretch, ...] = ()
    """Since then, those that are over."""
    paused_at: datetime | None = None

    @property
    def due_at(self) -> datetime | None:
        """In UTC. None: nothing is due. While it stands: when it would have been."""
        if self.terms is None:
            return None
        return due_at(self.began_at, self.terms.target, self.terms.hours, self.pauses)

    @property
    def steps(self) -> tuple[PlannedStep, ...]:
        """When each step is to be taken, while the clock runs; none while it stands.

        One that would lie before the beginning is taken as soon as its time begins to count.
        """
        if self.terms is None or self.paused_at is not None:
            return ()
        return tuple(self._planned(step, self.terms) for step in self.terms.steps)

    @property
    def at_risk_from(self) -> datetime | None:
        """When its first warning is to be given; without one, when a fifth of the time is left."""
        if self.terms is None:
            return None
        warnings = [self.terms.target + each.offset for each in self.terms.steps if each.is_warning]
        passed = min(warnings, default=self.terms.target * (1 - RISKY_SHARE))
        return self._when(passed, self.terms)

    def _planned(self, step: Step, terms: Terms) -> PlannedStep:
        return PlannedStep(step, self._when(terms.target + step.offset, terms))

    def _when(self, passed: timedelta, terms: Terms) -> datetime:
        return due_at(self.began_at, max(passed, timedelta()), terms.hours, self.pauses)


@dataclass(eq=False, kw_only=True)
class ClockRefuses(Conflict):
    """The clock cannot be {act}: {why}."""

    act: ClockAct
    why: str


def folded(ticks: Sequence[Tick]) -> Clock:
    """How the clock stands after these acts, the oldest first.

    Raises:
        ClockRefuses: they are not in order of time, or one is not possible after those before it.
    """
    clock: Clock | None = None
    for tick in ticks:
        clock = ticked(clock, tick)
    if clock is None:
        raise ClockRefuses(act=ClockAct.STARTED, why="nothing has happened to it")
    return clock


def ticked(clock: Clock | None, tick: Tick) -> Clock:
    """How it stands after one more act. Raises ClockRefuses."""
    if tick.act is ClockAct.STARTED:
        if clock is not None:
            raise ClockRefuses(act=tick.act, why="it runs already")
        return Clock(began_at=tick.at, terms=tick.terms)
    if clock is None:
        raise ClockRefuses(act=tick.act, why="it has not been started")
    match tick.act:
        case ClockAct.RESTARTED:
            return Clock(began_at=tick.at, terms=tick.terms)
        case ClockAct.CHANGED:
            return replace(clock, terms=tick.terms)
        case ClockAct.PAUSED:
            return _paused(clock, tick)
        case ClockAct.RESUMED:
            return _resumed(clock, tick)


def _paused(clock: Clock, tick: Tick) -> Clock:
    if clock.paused_at is not None:
        raise ClockRefuses(act=tick.act, why="it stands already")
    if clock.pauses and tick.at < clock.pauses[-1].ends:
        raise ClockRefuses(act=tick.act, why="it ran again only later")
    return replace(clock, paused_at=tick.at)


def _resumed(clock: Clock, tick: Tick) -> Clock:
    if clock.paused_at is None:
        raise ClockRefuses(act=tick.act, why="it runs")
    ended = Stretch(clock.paused_at, max(tick.at, clock.paused_at))
    return replace(clock, pauses=(*clock.pauses, ended), paused_at=None)


def written(terms: Terms) -> dict[str, Any]:
    """As they are stored: plain values, which `read` reads again."""
    hours = terms.hours
    return {
        "policy": terms.policy,
        "target_seconds": terms.target.total_seconds(),
        "steps": [_step(step) for step in terms.steps],
        "hours": None
        if hours is None
        else {
            "name": hours.name,
            "zone": hours.zone.key,
            "week": {
                str(day): [[opens.isoformat(), closes.isoformat()] for opens, closes in opened]
                for day, opened in sorted(hours.week.items())
            },
            "holidays": sorted(day.isoformat() for day in hours.holidays),
        },
    }


def _step(step: Step) -> dict[str, Any]:
    """Only what is said is written, so that terms keep their version when steps learn more."""
    tells = {"person": step.person, "webhook": step.webhook}
    return {
        "name": step.name,
        "offset_seconds": step.offset.total_seconds(),
        "queue": step.queue,
    } | {name: whom for name, whom in tells.items() if whom is not None}


def read(said: Mapping[str, Any]) -> Terms:
    hours = said["hours"]
    return Terms(
        policy=said["policy"],
        target=timedelta(seconds=said["target_seconds"]),
        hours=None if hours is None else _hours(hours),
        steps=tuple(
            Step(
                name=each["name"],
                offset=timedelta(seconds=each["offset_seconds"]),
                queue=each["queue"],
                person=each.get("person"),
                webhook=each.get("webhook"),
            )
            for each in said["steps"]
        ),
    )


def _hours(said: Mapping[str, Any]) -> OfficeHours:
    week = {
        int(day): tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in opened)
        for day, opened in said["week"].items()
    }
    return OfficeHours(
        name=said["name"],
        zone=ZoneInfo(said["zone"]),
        week=MappingProxyType(week),
        holidays=frozenset(map(date.fromisoformat, said["holidays"])),
    )
