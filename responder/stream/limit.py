"""How many handlers may run at once: a fixed number, or one that follows the dependency's load."""

from collections.abc import Callable
from typing import Protocol

from typing_extensions import override

BUSY_SHARE = 0.9
DECREASE = 0.7


class Limit(Protocol):
    """Asked before every start and told of every end. No I/O, no waiting; times are monotonic."""

    @property
    def most(self) -> int:
        """What `current` never exceeds: so many workers are made."""

    @property
    def current(self) -> int:
        """How many may run now."""

    @property
    def not_before(self) -> float:
        """No handler starts before this time."""

    def succeeded(self, running: int) -> None:
        """A handler came to an end without overload, while `running` ran, itself included."""

    def overloaded(self, started_at: float, now: float, after_seconds: float | None) -> None:
        """A handler that started at `started_at` was told that there is too much to do."""


class Fixed:
    """Always the same: what bounds it is known, such as a pool of connections."""

    not_before = 0.0

    def __init__(self, concurrency: int) -> None:
        self.most = concurrency
        self.current = concurrency

    def succeeded(self, running: int) -> None:
        """Changes nothing."""

    def overloaded(self, started_at: float, now: float, after_seconds: float | None) -> None:
        """Changes nothing: the record's own backoff is the answer."""

    @override
    def __repr__(self) -> str:
        return f"Fixed({self.current})"


class Aimd:
    """Additive increase, multiplicative decrease, on explicit signals of overload alone.

    Latency is no signal here: a model's answer takes as long as it is long.
    """

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most
        self.not_before = 0.0
        self._limit = float(least)
        self._decreased_at = float("-inf")

    @property
    def current(self) -> int:
        return int(self._limit)

    def succeeded(self, running: int) -> None:
        # Without the share a quiet night would raise the limit to what nobody has ever tried.
        if running >= BUSY_SHARE * self.current:
            self._limit = min(float(self.most), self._limit + 1.0 / self._limit)

    def overloaded(self, started_at: float, now: float, after_seconds: float | None) -> None:
        if after_seconds is not None:
            self.not_before = max(self.not_before, now + after_seconds)
        # One overload is reported by all that ran at the time; it counts once per round trip.
        if started_at >= self._decreased_at:
            self._limit = max(float(self.least), self._limit * DECREASE)
            self._decreased_at = now

    @override
    def __repr__(self) -> str:
        return f"Aimd({self.least} <= {self.current} <= {self.most})"


class Yielding:
    """Another limit; but one at a time while something more urgent is behind.

    Not none at all: whoever says that it is behind may be wrong, or be so for hours.

    Args:
        limit: what holds otherwise, and learns from every end all the same.
        gives_way: asked before every start.
    """

    def __init__(self, limit: Limit, gives_way: Callable[[], bool]) -> None:
        self._limit = limit
        self._gives_way = gives_way
        self.most = limit.most

    @property
    def current(self) -> int:
        return 1 if self._gives_way() else self._limit.current

    @property
    def not_before(self) -> float:
        return self._limit.not_before

    def succeeded(self, running: int) -> None:
        self._limit.succeeded(running)

    def overloaded(self, started_at: float, now: float, after_seconds: float | None) -> None:
        self._limit.overloaded(started_at, now, after_seconds)

    @override
    def __repr__(self) -> str:
        return f"Yielding({self.current} of {self._limit!r})"
