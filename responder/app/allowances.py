"""`responder deadletter allow`, heard by every process that has the stage in question."""

import json

import asyncpg
import structlog

from responder.adapters.postgres.failures import FAILED
from responder.app.process import Process
from responder.engagement.ports import Clock

ALLOWANCE_CHANNEL = "responder_allow"
"""`NOTIFY` on it, with `{"group", "records"}`, lets a stopped consumer bury so many more."""
RETRY_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Allowances:
    """Lets a stage that stopped for too many failures bury so many more records."""

    def __init__(self, database_url: str, process: Process, clock: Clock) -> None:
        self._url = database_url
        self._process = process
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled; a database that is away is waited for."""
        while True:
            try:
                await self._listen()
            except FAILED as error:
                log.info("allowances.not_heard", why=type(error).__name__)
            await self._clock.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=RETRY_SECONDS)
        try:
            await connection.add_listener(
                ALLOWANCE_CHANNEL, lambda _connection, _pid, _channel, said: self._heard(said)
            )
            while not connection.is_closed():
                await self._clock.sleep(RETRY_SECONDS)
                await connection.execute("SELECT 1")
        finally:
            connection.terminate()

    def _heard(self, said: object) -> None:
        try:
            asked = json.loads(str(said))
            group, records = str(asked["group"]), int(asked["records"])
        except (ValueError, KeyError, TypeError):
            log.warning("allowances.not_understood")
            return
        for consumer in self._process.consumers_of(group):
            consumer.allow(records)
            log.info("allowances.granted", group=group, records=records)
