"""The points of a path, numbered as they are reached, and a process that ends at one of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, cast

from typing_extensions import override

from responder.testing.failpoints.gate import AnswerLost, Call, Moment

T = TypeVar("T")


class Fate(Enum):
    """What happens at a point."""

    DIES = "dies"
    """The process ends, as by kill -9."""
    LOSES_ANSWER = "loses the answer"
    """The call took effect, and the process lives on without its answer."""


@dataclass(frozen=True, slots=True)
class Point:
    """One place where a process may end."""

    number: int
    """From 0, in the order in which a process reaches them."""
    step: str
    """Of which stage, and which step of it: `triage`, `drafting.settle`."""
    call: Call
    moment: Moment

    @property
    def where(self) -> str:
        """The same in every run, whatever its number."""
        return f"{self.step}: {self.moment.value} {self.call}"

    @override
    def __str__(self) -> str:
        return f"{self.number} {self.where}"


class Dead(ConnectionError):
    """The process asked something after its end: nobody hears it."""


@dataclass(frozen=True, slots=True)
class Doom:
    """What befalls a process."""

    at: int
    """The number of the point."""
    fate: Fate = Fate.DIES
    planned: str = ""
    """`Point.where` that is to be; empty: whatever has the number."""

    @classmethod
    def of(cls, point: Point, fate: Fate = Fate.DIES) -> "Doom":
        """At this very point."""
        return cls(point.number, fate, point.where)


class Points:
    """A `Gate` that numbers what one process passes, from `begin` on."""

    def __init__(self) -> None:
        self.step = ""
        self.passed: list[Point] = []
        self.died = asyncio.Event()
        self.met: Point | None = None
        """The point at which the doom came; None while it has not."""
        self._doom: Doom | None = None
        self._is_counting = False

    def begin(self, doom: Doom | None = None) -> None:
        """Number from 0 again; what is under way meets this."""
        self.passed, self.met, self._doom = [], None, doom
        self._is_counting = True

    async def before(self, call: Call) -> None:
        """See `Gate`. Raises Dead."""
        await self._pass(call, Moment.BEFORE)

    async def after(self, call: Call) -> None:
        """See `Gate`. Raises Dead and AnswerLost."""
        await self._pass(call, Moment.AFTER)

    @contextmanager
    def within(self, step: str) -> Iterator[None]:
        """What passes meanwhile belongs to this step."""
        before, self.step = self.step, step
        try:
            yield
        finally:
            self.step = before

    def named(self, stage: str, port: T) -> T:
        """The same port; each of its calls names the step that it is."""
        return cast("T", _Named(self, stage, port))

    async def _pass(self, call: Call, moment: Moment) -> None:
        if self.died.is_set():
            raise Dead("the process has ended")
        if not self._is_counting:
            return
        point = Point(len(self.passed), self.step, call, moment)
        self.passed.append(point)
        if self._doom is not None and point.number == self._doom.at:
            self.met = point
            await self._suffer(self._doom.fate)

    async def _suffer(self, fate: Fate) -> None:
        if fate is Fate.LOSES_ANSWER:
            raise AnswerLost
        self.died.set()
        await asyncio.Event().wait()  # whoever stands here is cancelled


class _Named:
    def __init__(self, points: Points, stage: str, port: object) -> None:
        self._points = points
        self._stage = stage
        self._port = port

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)

        async def stepping(*given: Any, **named: Any) -> Any:
            with self._points.within(f"{self._stage}.{name}"):
                return await call(*given, **named)

        return stepping
