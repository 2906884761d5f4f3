"""A budget in memory, for writers whose budget is not what a test is about, or is all of it."""

from collections import Counter
from datetime import date

from responder.drafting.ports import Reservation
from responder.engagement.model import SourceId

PLENTY = 10**12
A_DAY = date(2026, 11, 23)


class MemoryTokenBudget:
    """`drafting.ports.TokenBudget` of one process, on one day."""

    def __init__(self, tokens_per_day: int = PLENTY) -> None:
        self._allowed = tokens_per_day
        self.used: Counter[SourceId] = Counter()

    async def reserve(self, source: SourceId, tokens: int) -> Reservation | None:
        if self.used[source] + tokens > self._allowed:
            return None
        self.used[source] += tokens
        return Reservation(source, A_DAY, tokens)

    async def settle(self, reserved: Reservation, used: int) -> None:
        self.used[reserved.source] += used - reserved.tokens
