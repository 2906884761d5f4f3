"""Runs of the whole path in which processes end where they are told to.

A run is one comment, from its push to its end. Runs follow one another in one world: the process
that another's end has left a comment to goes on with the next one, until its own end. Nothing is
shared between them but the tables: each comment stands in a thread of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from responder.adapters.postgres.engine import make_engine
from responder.delivery.ports import Capabilities
from responder.testing.failpoints.ends import Wrong, wrong_after_an_end, wrong_at_rest
from responder.testing.failpoints.points import Doom, Point
from responder.testing.failpoints.process import NeverAtRest, Process, started
from responder.testing.failpoints.stages import Plant, nothing_planted
from responder.testing.failpoints.world import World
from responder.testing.ledger import migrated
from responder.testing.place import OBEDIENT, Behaviour
from responder.testing.postgres import TestServer

AT_ONCE = 6
"""So many worlds share the event loop: while one waits for a lease, others go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What the place that is answered in is like, and what is broken on purpose."""

    capabilities: Capabilities = OBEDIENT
    behaviours: tuple[Behaviour, ...] = ()
    """Of its first calls for each comment; after them it does and says what it should."""
    plant: Plant = nothing_planted


@dataclass(slots=True)
class Trials:
    """Makes worlds on one server."""

    server: TestServer
    scenario: Scenario = field(default_factory=Scenario)

    async def points(self, which: Callable[[Point], bool] = lambda _: True) -> list[Point]:
        """What a process passes that nothing befalls, once its connections are open.

        Raises:
            NeverAtRest: it does not even come to rest so.
        """
        async with self._world() as world, started(world, self.scenario.plant) as process:
            for _ in range(2):
                world.comes(self.scenario.behaviours)
                await process.live()
            return [point for point in process.points.passed if which(point)]

    async def wrong(self, plans: Iterable[Sequence[Doom]]) -> list[str]:
        """What was not as promised in these runs: each line names its run, and so repeats it.

        Args:
            plans: of each run, what befalls its first process, its second, and so on. The last one
                lives.
        """
        every = list(plans)
        shares = (every[number::AT_ONCE] for number in range(AT_ONCE))
        found = await asyncio.gather(*(self._wrong(share) for share in shares))
        return [line for lines in found for line in lines]

    async def _wrong(self, plans: Sequence[Sequence[Doom]]) -> list[str]:
        async with self._world() as world, AsyncExitStack() as stack:
            lives = _Lives(world, self.scenario, stack)
            try:
                await lives.run(())  # opens what the first of the others would otherwise have to
                for plan in plans:
                    await lives.run(plan)
            except NeverAtRest as error:
                lives.wrong.append(Wrong("", f"{lives.last} it never comes to rest: {error}"))
            return lives.named([*lives.wrong, *await wrong_at_rest(world)])

    @asynccontextmanager
    async def _world(self) -> AsyncIterator[World]:
        template = await self.server.template("ledger", migrated)
        database = await self.server.fresh(template)
        engine = make_engine(database.url(), pool_size=1)
        world = World.made(database, engine, self.scenario.capabilities)
        try:
            yield world
        finally:
            await engine.dispose()
            await self.server.drop(database)


@dataclass(slots=True)
class _Lives:
    """One process after another in one world."""

    world: World
    scenario: Scenario
    stack: AsyncExitStack
    wrong: list[Wrong] = field(default_factory=list)
    last: str = ""
    """The run that is under way, in words."""
    _process: Process | None = None
    _runs: dict[str, str] = field(default_factory=dict)

    async def run(self, plan: Sequence[Doom]) -> None:
        """A comment comes, and these befall whoever is at it. Raises NeverAtRest."""
        comment_id = self.world.comes(self.scenario.behaviours)
        self.last = comment_id
        for number, doom in enumerate((*plan, None)):
            process = await self._living()
            is_over = await process.live(doom)
            self._note(comment_id, process, doom, is_first=number == 0)
            if is_over:
                return
            self._process = None
            await self.stack.aclose()
            self.wrong += await wrong_after_an_end(self.world)

    def named(self, wrong: Iterable[Wrong]) -> list[str]:
        """Each with the run that it is about."""
        return [
            f"{self._runs.get(each.comment_id, each.comment_id)}: {each.what}" for each in wrong
        ]

    async def _living(self) -> Process:
        if self._process is None:
            made = started(self.world, self.scenario.plant)
            self._process = await self.stack.enter_async_context(made)
        return self._process

    def _note(
        self, comment_id: str, process: Process, doom: Doom | None, *, is_first: bool
    ) -> None:
        met = process.points.met
        if doom is not None and met is not None:
            self.last += f", {doom.fate.value} at {met}"
            if doom.planned not in {"", met.where}:
                self.wrong.append(Wrong(comment_id, f"it was to be at {doom.planned}"))
        elif doom is not None and is_first:
            self.wrong.append(Wrong(comment_id, f"nobody came to point {doom.at}"))
        self._runs[comment_id] = self.last
