"""A story, told from a seed."""

import random
from dataclasses import dataclass

from responder.delivery.ports import DeliveryWork
from responder.testing.interleaving import Interleaver
from responder.testing.ledger import Bench
from tests.chaos.interleavings.case import Case, watched
from tests.chaos.interleavings.claims import broken
from tests.chaos.interleavings.stories import Story

DECISIONS = {"approve", "dismiss"}


@dataclass(slots=True)
class Theatre:
    """Where stories are told: a ledger, and whoever decides who goes on."""

    bench: Bench
    stage: Interleaver
    delivery_work: DeliveryWork

    async def tell(self, story: Story, seed: int, *, name: str = "") -> Case:
        """What is told depends on story and seed alone, whatever was told here before."""
        chance = random.Random(f"{story.name} {seed}")  # noqa: S311 - repeatable, no secret
        place = self.bench.place
        place.listing_fails = not story.lists
        place.script.clear()
        place.will(chance.choices(story.answers, k=20))
        self.bench.delivery = watched(self.bench, self.stage, self.delivery_work)
        case = Case(self.bench, self.stage, name or f"{story.name} {seed}".replace(" ", "-"))
        await case.arrives()
        for act in story.before(case):
            await act()
        await self.stage.run(story.cast(case), chance, case.passed)
        await self.stage.run({"afterwards": case.afterwards}, chance, case.passed)
        return case

    async def flaws(self, story: Story, seed: int) -> list[str]:
        """What does not hold after it was told."""
        case = await self.tell(story, seed)
        flaws = await broken(case)
        if case.neighbour is not None:
            flaws += await broken(case.neighbour)
        taken = sum(each.refusal is None for each in case.told if each.act in DECISIONS)
        if story.decided not in {None, taken}:
            flaws.append(f"{taken} decided, and not {story.decided}")
        return flaws
