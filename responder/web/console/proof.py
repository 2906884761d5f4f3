"""What the page of the closing balance reads."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from responder.audit.ports import Check, Finding, Standing
from responder.insights.response_times import Days
from responder.review.ports import Balance


class Proof(Protocol):
    """Raises Unavailable, each: the ledger is away."""

    async def standing(self) -> Standing:
        """What the live audit knows now."""

    async def findings(self, checks: Iterable[Check]) -> Mapping[Check, Sequence[Finding]]:
        """At most 100 of each, the last found first."""

    async def balances(self, days: Days | None) -> Mapping[str, Balance]:
        """By source (empty: it named none); of what came in on these days, or ever."""
