"""A random walk over the faults: one after the other, each mended before the next one.

Comments come in, an editor approves and replies go out all the while. A seed chooses the order, so a
walk that found something can be taken again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from signal import SIGCONT, SIGSTOP

from responder.testing.kafka import KafkaCluster
from responder.testing.load import Load
from responder.testing.postgres import TestServer
from responder.testing.wire import Wire
from tests.chaos.deploy.cluster import BEHIND, Cluster, are_acknowledged, balanced
from tests.chaos.kafka.scene import staged
from tests.e2e.kafka.kit import GROUPS, SECRETS

RATE = 5.0
PAUSE_SECONDS = 6.0
"""How long what hangs or is cut off does so: twice a member's session."""
STEPS_BETWEEN_CHECKS = 6
STAGES = ("triage+drafting+sla", "delivery+relay")
STEADY = "reconcile+audit"
"""Never killed, so that its memory can be watched."""

Fault = Callable[[], Awaitable[None]]


class Walk:
    """Whoever makes the faults, and whom they are made to."""

    def __init__(
        self,
        cluster: Cluster,
        brokers: KafkaCluster,
        wires: Sequence[Wire],
        postgres: TestServer,
        chance: Random,
    ) -> None:
        self.cluster = cluster
        self._brokers = brokers
        self._wires = wires
        self._postgres = postgres
        self._chance = chance
        self.held: list[float] = []
        """Megabytes of the process that is never killed, one after each fault."""
        self.taken: list[str] = []
        """The faults so far, by name."""

    async def walk(self, seconds: float) -> None:
        """Go on for so long, and check what must hold every few steps and at the end."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            load = self.cluster.load(f"walk{len(self.taken)}")
            async with self.cluster.scene.editing():
                async with load.steadily(RATE):
                    for _ in range(STEPS_BETWEEN_CHECKS):
                        await self._step(load)
                await self.cluster.scene.all_are("answered")
            await self.cluster.scene.holds(groups=GROUPS)
        self._tells_nothing()

    async def _step(self, load: Load) -> None:
        fault = self._chance.choice(self._faults())
        self.taken.append(fault.__name__.strip("_"))
        await fault()
        await are_acknowledged(load, 5)
        self.held.append(_megabytes(self.cluster.scene.alive[STEADY].pid))

    def _faults(self) -> Sequence[Fault]:
        return (
            self._gateway_killed,
            self._stage_killed,
            self._stage_frozen,
            self._stage_restarted,
            self._broker_killed,
            self._broker_frozen,
            self._all_brokers_killed,
            self._wires_reset,
            self._wires_late,
            self._wires_cut,
            self._database_killed,
            self._database_frozen,
        )

    async def _gateway_killed(self) -> None:
        await self.cluster.kill("gateway")
        await start_gateway(self.cluster, self._brokers)

    async def _stage_killed(self) -> None:
        name = self._chance.choice(STAGES)
        await self.cluster.kill(name)
        await self.cluster.start(name)

    async def _stage_frozen(self) -> None:
        role = self.cluster.scene.alive[self._chance.choice(STAGES)]
        role.freeze()
        await asyncio.sleep(PAUSE_SECONDS)
        role.thaw()

    async def _stage_restarted(self) -> None:
        await self.cluster.replace(self._chance.choice(STAGES))

    async def _broker_killed(self) -> None:
        await self._brokers_killed(self._chance.randrange(3))

    async def _all_brokers_killed(self) -> None:
        await self._brokers_killed(0, 1, 2)

    async def _brokers_killed(self, *nodes: int) -> None:
        for node in nodes:
            self._brokers.kill(node)
        await asyncio.sleep(PAUSE_SECONDS)
        for node in nodes:
            self._brokers.launch(node)
        await self._brokers.ready()

    async def _broker_frozen(self) -> None:
        node = self._chance.randrange(3)
        self._brokers.freeze(node)
        await asyncio.sleep(PAUSE_SECONDS)
        self._brokers.thaw(node)

    async def _wires_reset(self) -> None:
        for wire in self._wires:
            wire.reset()

    async def _wires_late(self) -> None:
        for wire in self._wires:
            wire.late_seconds = 0.25
        await self._healed()

    async def _wires_cut(self) -> None:
        for wire in self._wires:
            self._chance.choice((wire.swallow_answers, wire.swallow_everything))()
        await self._healed()

    async def _healed(self) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        for wire in self._wires:
            wire.heal()

    async def _database_killed(self) -> None:
        await self._postgres.kill()
        await asyncio.sleep(PAUSE_SECONDS)
        await self._postgres.start()

    async def _database_frozen(self) -> None:
        self._postgres.signal(SIGSTOP)
        await asyncio.sleep(PAUSE_SECONDS)
        self._postgres.signal(SIGCONT)

    def _tells_nothing(self) -> None:
        """No log has a secret in it, or a word of what people wrote."""
        secrets = (SECRETS.forum, SECRETS.news, SECRETS.address, SECRETS.api)
        for said in self.cluster.scene.roles.said():
            found = [each for each in (*secrets, "How do I export") if each in said]
            assert not found


@asynccontextmanager
async def walking(
    folder: Path, brokers: KafkaCluster, postgres: TestServer, seed: int
) -> AsyncIterator[Walk]:
    """Everything runs: the gateway reaches the brokers over wires, the others reach them directly."""
    async with AsyncExitStack() as stack:
        wires = [
            await stack.enter_async_context(Wire(each.told_port, each.broker_port))
            for each in brokers.detours
        ]
        scene = await stack.enter_async_context(
            staged(folder, postgres, servers=brokers.bootstrap_servers, brokers=3)
        )
        cluster = await stack.enter_async_context(balanced(scene))
        await start_gateway(cluster, brokers)
        await scene.start(*BEHIND)
        yield Walk(cluster, brokers, wires, postgres, Random(seed))  # noqa: S311 - to be repeated


async def start_gateway(cluster: Cluster, brokers: KafkaCluster) -> None:
    detour = {"RESPONDER_KAFKA__BOOTSTRAP_SERVERS": brokers.detour_servers}
    await cluster.start("gateway", **detour)


def _megabytes(pid: int) -> float:
    """What a process holds in memory (proc(5), `VmRSS`)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (line,) = [each for each in status.splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1]) / 1_024
