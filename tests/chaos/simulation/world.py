"""One run: processes that come and go, stores that stay, and everything that goes wrong.

All chance comes from the seed, and time is simulated: the same seed is the same run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from responder.engagement.errors import ResponderError
from responder.engagement.events import DEAD_LETTER_TOPIC, TOPICS, EngagementReceived
from responder.engagement.lifecycle import OPEN
from responder.stream.log import LogError, NewRecord
from responder.stream.stall import Stalled
from responder.testing.clock import LoopClock
from responder.testing.factories import PLACE
from responder.testing.log import CommitFault, MemoryServer, Timing
from responder.testing.twin.relay import ShardOwners
from responder.testing.twin.tables import Ledger, Tables
from tests.chaos.simulation.checks import CommitWatch
from tests.chaos.simulation.hosts import (
    ConnectionLost,
    Host,
    HostLog,
    HostWriter,
    LedgerWire,
    SeededIds,
    Trace,
    Weather,
)
from tests.chaos.simulation.roles import Outside, Plug, Process
from tests.chaos.simulation.site import (
    BLIND,
    HANDS_ON,
    KEEPS_KEYS,
    READS,
    Site,
    SitePlatform,
    SiteReader,
)

T = TypeVar("T")
PARTITIONS = 3
ROLES = ("gateway", "triage", "drafting", "deliver", "relay", "letters", "reconcile", "console")
CONSUMED = {
    "triage": EngagementReceived.topic,
    "drafting": "engagement.triaged",
    "delivery": "reply.approved",
    "letters": DEAD_LETTER_TOPIC,
}
REST_SECONDS = 3_600.0
ANSWER_SECONDS = 4.0
LATE_SHARE = 0.6


class Stuck(AssertionError):
    """The run does not come to rest."""


class World:
    """Made inside a running simulated loop."""

    def __init__(
        self,
        seed: int,
        *,
        plug: Callable[[Outside], Plug] = Plug,
    ) -> None:
        self.chance = Random(seed)  # noqa: S311 - repeatable chance, no secret
        self.clock = LoopClock()
        self.weather = Weather()
        self.trace = Trace()
        self.tables = Tables(self.clock)
        self.site = Site(
            world=self,
            capabilities=self.chance.choice((READS, READS, READS, KEEPS_KEYS, BLIND, HANDS_ON)),
            is_flat=self.chance.random() < 0.3,
        )
        self.site_is_read = self.chance.random() < 0.75
        timing = Timing(session=6.0, rebalance=12.0, notice=1.0, poll_limit=60.0, append=1.0)
        self.server = MemoryServer(self.clock, timing)
        for topic in TOPICS:
            self.server.create(topic, PARTITIONS)
        self.acknowledged: set[str] = set()
        self.acknowledged_letters: set[str] = set()
        self.surprises: list[BaseException] = []
        self.commits = CommitWatch(self.tables, self.server)
        self._plug = plug
        self._ids = SeededIds(self.chance)
        self._owners = ShardOwners()
        self._processes: dict[str, Process] = {}
        self._outside_work: dict[asyncio.Task[None], None] = {}
        self._background: list[asyncio.Task[None]] = []
        self._number = 0
        self._incarnations = 0

    # --- who acts --------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Something that happens outside of every process; a run is at rest when it has ended."""
        task = asyncio.create_task(work)
        self._outside_work[task] = None
        task.add_done_callback(self._outside_work.pop)

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """The same, for what never ends by itself."""
        self._background.append(asyncio.create_task(work))

    async def end(self) -> None:
        """Nobody is there any more."""
        for task in self._background:
            task.cancel()
        for process in self._processes.values():
            process.host.die()
        await asyncio.gather(*(process.host.buried() for process in self._processes.values()))

    async def ask(self, role: str, act: Callable[[Process], Awaitable[T]]) -> T:
        """Have a process with this role do something.

        Raises:
            ConnectionLost: none is there, or it ended meanwhile.
            TimeoutError: no answer in time; it may still do it.
        """
        there = [p for p in self._processes.values() if role in p.roles and p.host.is_alive]
        if not there:
            raise ConnectionLost
        process = self.chance.choice(there)
        async with asyncio.timeout(ANSWER_SECONDS):
            return await process.host.serve(lambda: act(process))

    def is_lost_on_the_way(self) -> bool:
        return self.weather.is_rough and self.chance.random() < 0.08

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def surprised(self, error: BaseException) -> None:
        """What has no name of its own is a bug."""
        if not isinstance(error, ResponderError):
            self.surprises.append(error)

    def unheard(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What a task failed with that nobody waits for any more.

        A consumer that was stopped for long finds itself stalled in several ways at once.
        """
        error = context.get("exception")
        if error is not None and not isinstance(error, Stalled | LogError):
            self.surprised(error)

    # --- processes -------------------------------------------------------------------------------

    async def keep(self, name: str, roles: frozenset[str]) -> None:
        """A process that is started again whenever it ends."""
        while True:
            process = self._processes[name] = self._process(name, roles)
            process.start()
            await process.host.has_ended.wait()
            self.spawn(process.host.buried())
            await asyncio.sleep(self.chance.uniform(0.5, 6.0))

    def _process(self, name: str, roles: frozenset[str]) -> Process:
        self._incarnations += 1
        host = Host(f"{name}{self._incarnations}", self)
        outside = Outside(
            host=host,
            ledger=Ledger(self.tables, LedgerWire(host)),
            ids=self._ids,
            consumer=lambda host: HostLog(host, self.server.consumer(), self.commits),
            writer=lambda host: HostWriter(host, self.server.writer()),
            site=SitePlatform(host, self.site, self._later),
            reader=SiteReader(host, self.site) if self.site_is_read else None,
            owners=self._owners,
            surprised=self.surprised,
        )
        return Process(self._plug(outside), roles)

    def topology(self) -> dict[str, frozenset[str]]:
        """One process with everything, and another with some of it."""
        likely = {"drafting", "deliver"}  # where two at the same work can do harm
        some = frozenset(
            role for role in ROLES if self.chance.random() < (0.75 if role in likely else 0.4)
        )
        return {"all": frozenset(ROLES), "some": some - {"reconcile"}}

    def _later(self, seconds: float, happens: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, happens)

    # --- trouble ---------------------------------------------------------------------------------

    async def trouble(self, seconds: float) -> None:
        """Everything that goes wrong, for so long."""
        began = self.clock.monotonic()
        while (passed := self.clock.monotonic() - began) < seconds:
            await asyncio.sleep(self.chance.expovariate(1 / 3.0))
            is_late = passed > LATE_SHARE * seconds
            happening = self.chance.choice(self._happenings(is_late=is_late))
            host = self.chance.choice(list(self._processes.values()))
            self.trace.note(self.clock.monotonic(), host.host.name, happening.__name__)
            happening(host)

    def _happenings(self, *, is_late: bool) -> list[Callable[[Process], None]]:
        """What is named twice happens twice as often.

        Who is stopped for long is so at the end, or little else would happen to anybody.
        """
        return [
            *[self._crash] * 3,
            self._freeze,
            *[self._stop_before_call] * (5 if is_late else 0),
            *[self._stop_before_settling] * 2,
            self._deploy,
            self._ledger_goes,
            self._log_goes,
            self._log_hangs,
            self._site_goes,
            self._evict,
            self._commit_fails,
            self._garbage,
        ]

    def calm(self) -> None:
        """Nothing goes wrong from now on."""
        self.weather.is_rough = False
        self.weather.is_ledger_away = False
        self.weather.is_site_away = False
        self.server.up()
        self.server.resume()
        self.server.commit_faults.clear()
        for process in self._processes.values():
            process.host.dies_after = None
            process.host.freezes_at = None  # who is stopped already goes on when its time comes

    def _crash(self, process: Process) -> None:
        process.host.dies_after = self.chance.randrange(30)

    def _freeze(self, process: Process) -> None:
        process.host.freezes_at = ("", self.chance.choice((2.0, 8.0, 20.0)))

    def _stop_before_call(self, process: Process) -> None:
        """Until everybody else must take its attempt for lost."""
        process.host.freezes_at = ("connect", 90.0)

    def _stop_before_settling(self, process: Process) -> None:
        """Until everybody else must take its claim for given up."""
        process.host.freezes_at = ("model answered", 12.0)

    def _deploy(self, process: Process) -> None:
        if process.host.is_alive:
            process.host.start(process.stop())

    def _ledger_goes(self, _process: Process) -> None:
        self.weather.is_ledger_away = True
        self._later(self.chance.uniform(0.2, 6.0), lambda: self._set("is_ledger_away"))

    def _site_goes(self, _process: Process) -> None:
        self.weather.is_site_away = True
        self._later(self.chance.uniform(1.0, 12.0), lambda: self._set("is_site_away"))

    def _set(self, name: str) -> None:
        setattr(self.weather, name, False)

    def _log_goes(self, _process: Process) -> None:
        self.server.down()
        self._later(self.chance.uniform(0.2, 4.0), self.server.up)

    def _log_hangs(self, _process: Process) -> None:
        self.server.pause()
        self._later(self.chance.uniform(0.2, 4.0), self.server.resume)

    def _evict(self, process: Process) -> None:
        if process.host.logs:
            self.chance.choice(process.host.logs).evict()

    def _commit_fails(self, _process: Process) -> None:
        self.server.commit_faults.append(self.chance.choice([None, *CommitFault]))

    def _garbage(self, _process: Process) -> None:
        """What anybody may put on the public topic."""
        if self.server.is_up:
            key = f"{PLACE.id}/t1".encode()
            value = f"nothing readable {self.next_number()}".encode()
            self.server.store(NewRecord(EngagementReceived.topic, key, value, ()))

    # --- coming to rest --------------------------------------------------------------------------

    async def until_rest(self) -> None:
        """Raises Stuck with what is left to do."""
        deadline = self.clock.monotonic() + REST_SECONDS
        while left := self.left():
            if self.clock.monotonic() > deadline:
                raise Stuck("; ".join(left))
            await asyncio.sleep(1.0)

    def left(self) -> list[str]:
        tables = self.tables
        open_ones = [r for r in tables.engagements.rows.values() if r.state in OPEN]
        unsent = [r for r in tables.outbox.rows.values() if not r.is_sent]
        letters = [r for r in tables.letters.rows.values() if r.status in {"open", "retried"}]
        left = [f"{row.name[1]} is {row.state}" for row in open_ones]
        left += [f"{row.event_id} is not sent" for row in unsent]
        left += [f"letter of {row.letter.stage}: {row.letter.why}" for row in letters]
        left += [f"{self.site.on_the_way} on the way"] * (self.site.on_the_way > 0)
        left += [f"{len(self._outside_work)} at work outside"] * bool(self._outside_work)
        return left + self._unread() + self._not_polled()

    def _unread(self) -> list[str]:
        left: list[str] = []
        for group, topic in CONSUMED.items():
            for partition in self.server.partitions([topic]):
                end = len(self.server.records[partition])
                committed = self.server.committed(group, partition) or 0
                if committed < end:
                    left.append(f"{group} is at {committed} of {end} in {partition.number}")
        return left

    def _not_polled(self) -> list[str]:
        if not self.site_is_read:
            return []
        row = self.tables.sources.rows.get(PLACE.id)
        read = 0 if row is None or row.cursor is None else int(row.cursor)
        changes = len(self.site.changes)
        return [f"{read} of {changes} changes read"] if read < changes else []
