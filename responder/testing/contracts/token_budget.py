"""The contract of `TokenBudget`: what is set aside never exceeds what is allowed.

Subclass it and give a `budget` fixture that allows `ALLOWED` tokens for each source.
"""

import asyncio

from responder.drafting.ports import Reservation, TokenBudget
from responder.engagement.model import SourceId

ALLOWED = 100
BLOG, FORUM = SourceId("blog"), SourceId("forum")


class TokenBudgetContract:
    async def test_so_much_is_set_aside_as_is_allowed_and_no_more(
        self, budget: TokenBudget
    ) -> None:
        assert await budget.reserve(BLOG, ALLOWED) is not None
        assert await budget.reserve(BLOG, 1) is None

    async def test_a_call_that_may_come_to_more_than_a_day_is_never_made(
        self, budget: TokenBudget
    ) -> None:
        assert await budget.reserve(BLOG, ALLOWED + 1) is None
        assert await budget.reserve(BLOG, ALLOWED) is not None

    async def test_what_a_call_did_not_use_is_there_again(self, budget: TokenBudget) -> None:
        reserved = await self._reserve(budget, ALLOWED)
        await budget.settle(reserved, 30)
        assert await budget.reserve(BLOG, 71) is None
        assert await budget.reserve(BLOG, 70) is not None

    async def test_what_a_call_used_beyond_what_was_thought_counts_too(
        self, budget: TokenBudget
    ) -> None:
        reserved = await self._reserve(budget, 10)
        await budget.settle(reserved, ALLOWED)
        assert await budget.reserve(BLOG, 1) is None

    async def test_what_nobody_settles_stays_used(self, budget: TokenBudget) -> None:
        await self._reserve(budget, 60)
        assert await budget.reserve(BLOG, 60) is None

    async def test_each_source_has_its_own(self, budget: TokenBudget) -> None:
        await self._reserve(budget, ALLOWED)
        assert await budget.reserve(FORUM, ALLOWED) is not None

    async def test_many_at_once_get_no_more_than_one_after_the_other(
        self, budget: TokenBudget
    ) -> None:
        got = await asyncio.gather(*(budget.reserve(BLOG, 10) for _ in range(25)))
        assert sum(each is not None for each in got) == ALLOWED // 10

    @staticmethod
    async def _reserve(budget: TokenBudget, tokens: int) -> Reservation:
        reserved = await budget.reserve(BLOG, tokens)
        assert reserved is not None
        return reserved
