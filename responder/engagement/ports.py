"""Time, ids and chance, as ports: tests move the clock, and a run can be repeated from its seed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

T = TypeVar("T")


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall time, aware, UTC. May jump; never used to measure a duration."""

    def monotonic(self) -> float:
        """Seconds that only grow, from an arbitrary start."""

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` on the monotonic clock."""


class Ids(Protocol):
    def uuid(self) -> UUID:
        """A fresh id, ordered by time (UUID version 7), so that indexes stay compact."""

    def secret(self, size: int = 32) -> bytes:
        """`size` bytes that nobody can guess."""


class Random(Protocol):
    """Chance without consequences for security: jitter and choice among equals."""

    def uniform(self, low: float, high: float) -> float: ...

    def choice(self, options: Sequence[T]) -> T: ...
