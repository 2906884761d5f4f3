"""A whole run from its seed: trouble first, then calm until everything has come to rest."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from responder.engagement.model import PersonId
from responder.testing.clock import run
from tests.chaos.simulation.checks import findings
from tests.chaos.simulation.people import Authors, Pusher, Reviewer
from tests.chaos.simulation.roles import Outside, Plug
from tests.chaos.simulation.world import Stuck, World

COMMENTS = 14
TROUBLE_SECONDS = 45.0


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


def simulate(seed: int, *, plug: Callable[[Outside], Plug] = Plug) -> Ended:
    """Run this seed, with every process plugged together by `plug`."""
    return run(_simulate(seed, plug))


async def _simulate(seed: int, plug: Callable[[Outside], Plug]) -> Ended:
    world = World(seed, plug=plug)
    world.told = (pusher := Pusher(world)).push
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
