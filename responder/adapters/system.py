"""Real time, ids and chance."""

import asyncio
import random
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from responder.engagement.ports import Clock

T = TypeVar("T")

_BELOW_MILLISECONDS = 74
_RANDOM_STEP_BITS = 32
_COUNTING: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the port's real side

    monotonic = staticmethod(partial(time.clock_gettime, _COUNTING))
    """Counts while the machine sleeps too: a laptop that was shut must not post late.

    Not a function of ours, since it is asked twice for each record.
    """

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SystemIds:
    """UUID version 7: milliseconds, then 74 bits of chance.

    Within one process they only grow, also when wall time stands still or goes back.

    Source: RFC 9562, sections 5.7 and 6.2 (method 2).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def uuid(self) -> UUID:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        fresh = milliseconds << _BELOW_MILLISECONDS | secrets.randbits(_BELOW_MILLISECONDS)
        step = 1 + secrets.randbits(_RANDOM_STEP_BITS)
        self._last = max(fresh, self._last + step)
        time_part, rest = divmod(self._last, 1 << _BELOW_MILLISECONDS)
        high, low = divmod(rest, 1 << 62)
        return UUID(int=time_part << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)

    def secret(self, size: int = 32) -> bytes:
        return secrets.token_bytes(size)


class SystemRandom:
    """Chance for jitter; the same seed gives the same chance."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing here guards a secret

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def choice(self, options: Sequence[T]) -> T:
        return self._random.choice(options)
