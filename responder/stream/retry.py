"""How long to wait before the next attempt."""

from dataclasses import dataclass

from responder.engagement.ports import Random

EXPONENT_MAX = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential with full jitter: any time between nothing and the exponential bound.

    Full jitter spreads those who failed together furthest apart (AWS Architecture Blog, "Exponential
    Backoff And Jitter", 2015). Times in seconds.
    """

    first: float
    most: float
    random: Random

    def delay(self, attempt: int, at_least: float | None = None) -> float:
        """Before attempt number `attempt + 1`; what somebody asked us to wait is always waited."""
        bound = min(self.most, self.first * 2 ** min(attempt - 1, EXPONENT_MAX))
        return (at_least or 0.0) + self.random.uniform(0.0, bound)
