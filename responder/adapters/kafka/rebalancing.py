"""What happens when aiokafka says that partitions go or come."""

import asyncio
from collections.abc import Awaitable, Collection

from aiokafka import ConsumerRebalanceListener, TopicPartition  # type: ignore[import-untyped]
from typing_extensions import override

from responder.adapters.kafka.ownership import Ownership
from responder.adapters.kafka.reading import Reader
from responder.stream.log import RebalanceListener


class Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Tells our listener, with reading and commits open or shut as `Ownership` says.

    aiokafka awaits these in the middle of the rebalance, and swallows what they raise (trap 7); so
    an error is kept for the next poll. It has no callback for *lost*: a member that was put out is
    told to revoke, late, and learns from its last commit that there is nothing left to save.
    """

    def __init__(
        self,
        ownership: Ownership,
        reader: Reader,
        listener: RebalanceListener,
        *,
        limit_seconds: float,
    ) -> None:
        self._ownership = ownership
        self._reader = reader
        self._listener = listener
        self._limit = limit_seconds
        self._error: Exception | None = None
        self._is_over = False

    @override
    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        if assignments := self._ownership.unsettle():  # empty when we first join (7)
            await self._tell(self._listener.on_revoke(assignments))
        self._ownership.end()
        self._reader.forget()

    @override
    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        if self._is_over:
            return
        await self._tell(self._listener.on_assign(self._ownership.begin(assigned)))
        self._ownership.settle()
        self._reader.stir()

    def raise_error(self) -> None:
        """Raise, once, what a callback raised."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def end(self) -> None:
        """Nothing is ours any more, and nothing will be."""
        self._is_over = True
        self._ownership.end()
        self._reader.wake()

    async def _tell(self, callback: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._limit):  # any longer, and the group goes on without us
                await callback
        except Exception as e:  # noqa: BLE001 - the next poll raises it
            self._error = e
