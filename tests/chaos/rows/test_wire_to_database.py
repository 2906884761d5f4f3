"""The network between Responder and its database: it swallows everything, or loses a commit's answer.

After a lost answer nobody on our side knows whether the transaction was committed. It was: so the
work comes again, and the inbox must tell that it is done.
"""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio

from responder.adapters.postgres.dsn import Dsn
from responder.testing.failpoints.gate import AnswerLost, Call
from responder.testing.failpoints.wire import PostgresWire
from responder.testing.load import Load
from responder.testing.running import Running, installation
from tests.chaos.rows.kit import (
    CONFIGURATION,
    all_stand_once,
    door,
    in_database,
    sending,
    so_many,
    verified,
)

LOST_ANSWERS = 30
SEED = 9


class Network:
    """What the network does to each request; well at first."""

    def __init__(self) -> None:
        self._random = Random(SEED)  # noqa: S311 - which answers are lost, not a secret
        self._passes = asyncio.Event()
        self._passes.set()
        self.loses_answers = False
        self.lost = 0

    def swallow(self) -> None:
        """Nothing arrives on either side, and no connection ends."""
        self._passes.clear()

    def heal(self) -> None:
        """What was swallowed arrives."""
        self.loses_answers = False
        self._passes.set()

    async def before(self, _call: Call) -> None:
        await self._passes.wait()

    async def after(self, call: Call) -> None:
        await self._passes.wait()
        if self.loses_answers and call.what.startswith("COMMIT") and self._random.random() < 0.3:
            self.lost += 1
            raise AnswerLost


@pytest.fixture
def network() -> Network:
    return Network()


@pytest_asyncio.fixture
async def behind_it(database: Dsn, network: Network) -> AsyncIterator[Running]:
    """A Responder that reaches its database through the network."""
    async with PostgresWire(database, network) as wire:
        settings = {"RESPONDER_DATABASE__URL": wire.dsn.url()}
        with installation(CONFIGURATION, settings) as running:
            await running.start()
            yield running
            running.kill()


@pytest.mark.fault(9)
@pytest.mark.promise(1, 2)
async def test_a_commit_whose_answer_was_lost_is_not_made_a_second_time(
    behind_it: Running, network: Network, database: Dsn
) -> None:
    async with sending() as http:
        load = Load(door(behind_it), "lost", http, threads=7)
        async with load.steadily(20):
            await so_many(10, lambda: len(load.acknowledged))
            network.loses_answers = True
            await so_many(LOST_ANSWERS, lambda: network.lost)
            network.heal()
    await all_stand_once(in_database(database), load.acknowledged)
    await verified(behind_it)


@pytest.mark.fault(9)
@pytest.mark.promise(1, 5)
async def test_while_the_network_swallows_everything_pushes_are_refused_and_then_all_goes_on(
    behind_it: Running, network: Network, database: Dsn
) -> None:
    async with sending() as http:
        load = Load(door(behind_it), "swallowed", http)
        async with load.steadily(10):
            await so_many(10, lambda: len(load.acknowledged))
            network.swallow()
            await so_many(30, lambda: load.statuses[503])
            network.heal()
        assert set(load.statuses) <= {202, 429, 503}
    await all_stand_once(in_database(database), load.acknowledged)
    await verified(behind_it)
