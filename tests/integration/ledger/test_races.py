"""Many walks through approvals, changes of mind, echoes and bad answers, through the real services.

Whatever the order: each approval is posted at most once, only what was approved is posted, nothing
hangs, and the audit holds. The seed is in the test's name.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from responder.delivery.ports import AttemptOutcome
from responder.engagement.errors import Conflict
from responder.engagement.lifecycle import State
from responder.review.commands import (
    PostedByPerson,
    Reopen,
    SendAgain,
)
from responder.testing.factories import comment
from responder.testing.ledger import ANA, Bench
from responder.testing.place import Behaviour

SEEDS = 6
WALKS = 15
STEPS = 7
SURE = Behaviour()
LOST = Behaviour(stores=True, answer=AttemptOutcome.UNKNOWN)
NEVER = Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)
REFUSED = Behaviour(stores=False, answer=AttemptOutcome.REFUSED)
LYING = Behaviour(stores=True, answer=AttemptOutcome.REFUSED)
UNREACHABLE = Behaviour(stores=False, answer=AttemptOutcome.NOT_SENT)
LATER = Behaviour(stores=False, answer=AttemptOutcome.THROTTLED, after_seconds=60)
SETTLED = {State.AWAITING_REVIEW, State.ANSWERED, State.DISMISSED, State.WITHDRAWN}
FOR_A_PERSON = {State.DELIVERY_FAILED, State.DELIVERY_UNKNOWN}


class Walk:
    """One comment, and what happens around it, two things at a time."""

    def __init__(self, bench: Bench, name: str, chance: random.Random) -> None:
        self._bench = bench
        self._name = name
        self._chance = chance
        self._made = 0
        self.approved: list[str] = []

    async def go(self) -> None:
        await self._bench.arrives(comment(self._name, published_at=self._bench.clock.now()))
        steps: list[Callable[[], Awaitable[None]]] = [
            *(self._approve, self._approve, self._undo, self._dismiss, self._by_hand),
            *(self._send_again, self._reopen, self._edit, self._echo, self._release),
            *(self._release, self._deliver, self._deliver, self._delete),
        ]
        weights = [4, 4, 1, 1, 1, 2, 2, 1, 2, 4, 4, 5, 5, 0.3]
        for _ in range(STEPS):
            two = self._chance.choices(steps, weights, k=2)
            await asyncio.gather(*(self._tried(step) for step in two))

    async def _tried(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Conflict:
            return  # somebody was faster, and was told so

    async def _approve(self) -> None:
        self._made += 1
        reply = f"Answer {self._made} to {self._name}."
        await self._bench.approve(self._name, reply)
        self.approved.append(reply)
        script = self._chance.choices(
            [SURE, LOST, NEVER, REFUSED, LYING, UNREACHABLE, LATER], [4, 2, 2, 1, 1, 2, 1], k=1
        )
        self._bench.place.will(script)

    async def _undo(self) -> None:
        await self._bench.undo(self._name)

    async def _dismiss(self) -> None:
        await self._bench.dismiss(self._name)

    async def _by_hand(self) -> None:
        item = await self._bench.item(self._name)
        await self._bench.review.posted_by_person(
            PostedByPerson(
                engagement_id=item.row.engagement_id,
                actor=ANA,
                key=self._bench.key(),
                context=item.context,
                text="By hand.",
                url="https://place.example/by-hand",
            )
        )

    async def _send_again(self) -> None:
        item = await self._bench.item(self._name)
        if self._bench.place.texts(self._name).count(item.reply_text or "") == 0:
            await self._bench.review.send_again(
                SendAgain(
                    engagement_id=item.row.engagement_id,
                    actor=ANA,
                    key=self._bench.key(),
                    context=item.context,
                )
            )

    async def _reopen(self) -> None:
        item = await self._bench.item(self._name)
        await self._bench.review.reopen(
            Reopen(
                engagement_id=item.row.engagement_id,
                actor=ANA,
                key=self._bench.key(),
                context=item.context,
            )
        )

    async def _edit(self) -> None:
        self._made += 1
        text = f"Does it also work offline, question {self._made}?"
        await self._bench.arrives(comment(self._name, text, kind="edited"))

    async def _delete(self) -> None:
        await self._bench.arrives(comment(self._name, "", kind="deleted"))

    async def _echo(self) -> None:
        """The platform tells what stands there, under the ids that it gave."""
        for parent, reply in list(self._bench.place.replies):
            if parent == self._name:
                us = {"id": "us", "name": "Arbor Team"}
                await self._bench.arrives(
                    comment(
                        reply.external_id,
                        reply.text,
                        author=us,
                        published_at=reply.posted_at,
                        thread_id=self._name,
                        parent_id=self._name,
                        root_id=self._name,
                    )
                )

    async def _release(self) -> None:
        await self._bench.release()

    async def _deliver(self) -> None:
        """Two workers at once."""
        self._bench.clock.forward(6)
        await asyncio.gather(self._bench.delivery.run(), self._bench.delivery.run())


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_no_order_of_events_posts_twice_or_without_approval(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    for number in range(WALKS):
        walk = Walk(bench, f"c{number}", chance)
        bench.place.listing_fails = chance.random() < 0.2
        await walk.go()
        await bench.release()
        await bench.deliver(within_seconds=200_000)
        posted = Counter(bench.place.texts(f"c{number}"))
        assert all(times == 1 for times in posted.values()), posted
        assert set(posted) <= set(walk.approved)
        bench.place.script.clear()
    states = await bench.states()
    assert {each for name, each in states.items() if name.startswith("c")} <= (
        SETTLED | FOR_A_PERSON
    )
    await bench.audited()
