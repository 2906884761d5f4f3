"""Refusals on their way to the ledger: never in the path of an answer, and never many."""

import asyncio

import structlog

from responder.adapters.postgres.sources import RefusalRows
from responder.intake.ports import Refusal

WAITING_MOST = 200
STORED_AT_ONCE = 50
PAUSE_SECONDS = 0.5

log = structlog.get_logger(__name__)


class RefusalQueue:
    """`intake.ports.Refusals`: keeps what fits, and lets the rest go.

    A flood of bad pushes must cost neither memory nor the database; the metric counts them all.
    """

    def __init__(self, rows: RefusalRows) -> None:
        self._rows = rows
        self._waiting: asyncio.Queue[Refusal] = asyncio.Queue(WAITING_MOST)

    def note(self, refusal: Refusal) -> None:
        if not self._waiting.full():
            self._waiting.put_nowait(refusal)

    async def run(self) -> None:
        """Store until cancelled; what the database cannot take is dropped."""
        while True:
            batch = [await self._waiting.get()]
            while not self._waiting.empty() and len(batch) < STORED_AT_ONCE:
                batch.append(self._waiting.get_nowait())
            try:
                await self._rows.store(batch)
            except Exception as error:  # noqa: BLE001 - logged; what a stranger pushed must end nothing
                log.warning("refusals.not_stored", refusals=len(batch), why=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)
