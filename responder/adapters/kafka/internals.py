"""What needs aiokafka's private names: closing in bounded time what it leaves open, one question.

aiokafka 0.14's own `stop()` may wait for ever: for an answer of a broker that is away, for batches
that never expire (trap 13), for a rebalance. With the broker down it may raise `CancelledError` of
its own accord and leave its client open, and a second `stop()` does nothing (4). So it runs in a
task of its own, under a limit; what it leaves is ended by hand.
"""
# ruff: noqa: SLF001 - there is no public way, and this module is the only place that goes there

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]
from typing_extensions import override

REMAINS_SECONDS = 1.0


class _NoMore(dict[Any, Any]):
    """The connections of a client that is closed: one that is still being made is closed too."""

    @override
    def __setitem__(self, name: Any, connection: Any) -> None:
        connection.close()
        super().__setitem__(name, connection)


async def close_consumer(consumer: AIOKafkaConsumer, seconds: float) -> None:
    """Leave the group and close; within `seconds` and at most two more."""
    await within(consumer.stop(), seconds)
    coordinator, fetcher, client = consumer._coordinator, consumer._fetcher, consumer._client
    if coordinator is not None:
        await _end(
            coordinator._coordination_task,
            coordinator._heartbeat_task,
            coordinator._commit_refresh_task,
        )
        if coordinator.generation > 0:  # cut off before it could say goodbye
            await within(coordinator._maybe_leave_group(), REMAINS_SECONDS)
    if fetcher is not None:
        await _end(fetcher._fetch_task, *fetcher._pending_tasks)
    await _close_client(client)


async def close_producer(producer: AIOKafkaProducer, seconds: float) -> None:
    """Flush for at most `seconds`, then give up what is unsent and close; at most two more."""
    await within(producer.stop(), seconds)
    # First the client: the sender, cancelled, waits for the answers of its connections.
    await _close_client(producer.client)
    await _end(producer._sender.sender_task)
    await _close_client(producer.client)


def is_expelled(consumer: AIOKafkaConsumer) -> bool:
    """Whether the broker has put this member out and the client knows, revoked yet or not."""
    return bool(consumer._coordinator.generation < 0)


async def within(work: Coroutine[Any, Any, Any], seconds: float) -> None:
    """Give `work` so many seconds, then cancel it. How it ends is nobody's business any more."""
    task = asyncio.create_task(work)
    await asyncio.wait({task}, timeout=seconds)
    await _end(task)


async def _close_client(client: Any) -> None:
    await _end(client._sync_task)
    await within(client.close(), REMAINS_SECONDS)
    client._conns = _NoMore()


async def _end(*tasks: asyncio.Task[Any] | None) -> None:
    running = {task for task in tasks if task is not None}
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running, timeout=REMAINS_SECONDS)
    for task in running:
        if task.done() and not task.cancelled():
            task.exception()  # seen: it is not to be reported as forgotten
