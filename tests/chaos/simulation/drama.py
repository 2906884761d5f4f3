"""A whole run from its seed: trouble first, then calm until everything has come to rest."""

import asyncio
import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from responder.engagement.model import PersonId
from responder.testing.clock import run
from tests.chaos.simulation.checks import findings
from tests.chaos.simulation.people import Authors, Pusher, Reviewer
from tests.chaos.simulation.roles import Outside, Plug
from tests.chaos.simulation.world import Stuck, World

COMMENTS = 12
TROUBLE_SECONDS = 40.0
RUNS_PER_COLLECTION = 10
SHOWN = 5
HERE = "tests/chaos/simulation"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run went."""

    seed: int
    findings: tuple[str, ...]
    trace: str
    """A hash over everything that happened."""
    steps: int
    seconds: float
    """Simulated."""
    replies: int


def simulate_all(
    seeds: Iterable[int], *, plug: Callable[[Outside], Plug] = Plug
) -> Iterator[Ended]:
    """One after the other; garbage is collected between runs, since each is short."""
    for number, seed in enumerate(seeds):
        yield simulate(seed, plug=plug)
        if number % RUNS_PER_COLLECTION == 0:
            gc.collect()


def said(broken: Iterable[Ended]) -> str:
    """What does not hold, and how to look at it again."""
    return "\n".join(
        f"seed {ended.seed}: {finding}\n  again: SEED={ended.seed} pytest {HERE}/test_seeds.py"
        for ended in broken
        for finding in ended.findings[:SHOWN]
    )


def simulate(seed: int, *, plug: Callable[[Outside], Plug] = Plug) -> Ended:
    """Run this seed, with every process plugged together by `plug`."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        return run(_simulate(seed, plug))
    finally:
        if was_collecting:
            gc.enable()


async def _simulate(seed: int, plug: Callable[[Outside], Plug]) -> Ended:
    world = World(seed, plug=plug)
    asyncio.get_running_loop().set_exception_handler(world.unheard)
    pusher = Pusher(world)
    world.site.told = pusher.push
    world.site.receipt = pusher.push_receipt
    for name, roles in world.topology().items():
        world.background(world.keep(name, roles))
    for number in (1, 2):
        world.background(Reviewer(world, PersonId(UUID(int=number))).run())
    world.spawn(Authors(world, COMMENTS).run())
    pusher.send(b'{"type": "comment.created", "data": {"text": 7}}')
    await world.trouble(TROUBLE_SECONDS)
    world.calm()
    stuck: list[str] = []
    try:
        await world.until_rest()
    except Stuck as error:
        stuck = [f"stuck: {error}"]
    await world.end()
    return Ended(
        seed=seed,
        findings=(*stuck, *findings(world)),
        trace=world.trace.hash(),
        steps=world.trace.steps,
        seconds=world.clock.monotonic(),
        replies=len(world.site.replies),
    )
