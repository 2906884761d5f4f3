"""An installation as a cluster runs it: gateways behind a balancer, and whatever is behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from responder.testing.balancer import Balancer
from responder.testing.load import Load
from responder.testing.roles import Role
from responder.testing.running import eventually
from tests.chaos.kafka.scene import HOLDS_SECONDS, Scene

GATEWAYS = ("gateway", "gateway.2")
BEHIND = ("console", "triage+drafting+sla", "delivery+relay", "reconcile+audit")


class Cluster:
    """The installation, and the one address that senders know."""

    def __init__(self, scene: Scene, balancer: Balancer, http: aiohttp.ClientSession) -> None:
        self.scene = scene
        self.balancer = balancer
        self._http = http

    def load(self, prefix: str) -> Load:
        """Through the balancer, each push by a connection of its own."""
        return self.scene.load(prefix, url=self.balancer.url, http=self._http)

    async def start(self, name: str, **settings: str) -> None:
        await self.scene.start(name, **settings)
        if name in GATEWAYS:
            self.put_in(self.scene.alive[name])

    def put_in(self, role: Role) -> None:
        async def is_ready() -> bool:
            return await role.probe() == 200

        self.balancer.add(role.url, is_ready)

    async def kill(self, name: str) -> None:
        role = self.scene.alive.pop(name)
        role.kill()
        if name in GATEWAYS:
            await self.balancer.take_out(role.url)

    async def replace(self, name: str) -> None:
        """As a deployment does: the new one is ready before the old one is told to end."""
        old = self.scene.alive[name]
        await self.start(name)
        if name in GATEWAYS:
            await self.balancer.take_out(old.url)
        assert await old.stop() == 0, old.said[-2000:]


@asynccontextmanager
async def balanced(scene: Scene) -> AsyncIterator[Cluster]:
    """Nothing of it runs yet."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with Balancer() as balancer, aiohttp.ClientSession(connector=connector) as http:
        yield Cluster(scene, balancer, http)


async def are_acknowledged(load: Load, count: int) -> None:
    """Wait until so many more are."""
    before = len(load.acknowledged)

    async def more() -> int:
        return len(load.acknowledged) - before

    await eventually(more, lambda found: found >= count, HOLDS_SECONDS)
