"""How many pushes a source may make: a bucket of tokens, on a clock that is handed in."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Sized for the viral moment: it protects the log, it does not ration a busy day."""

    per_second: float = 200.0
    burst: float = 2_000.0


USUAL = Rate()


class Bucket:
    """One source's tokens. Full at first."""

    def __init__(self, rate: Rate, now: float) -> None:
        """`now`: seconds of a clock that only grows."""
        self._rate = rate
        self._tokens = rate.burst
        self._at = now

    def take(self, now: float) -> int:
        """Take a token; gives 0, or the whole seconds after which there will be one."""
        refilled = self._tokens + (now - self._at) * self._rate.per_second
        self._tokens, self._at = min(self._rate.burst, refilled), now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0
        return math.ceil((1.0 - self._tokens) / self._rate.per_second)
