"""Keeping a usable producer at hand.

aiokafka's idempotent producer never gives a batch up (trap 13): behind a broker that is away,
batches pile up and land, long after whoever waited was told *unknown*. A producer whose sender has
died stays dead, and one that is out of sequence may stay so until a restart (14). So a producer is
used only as long as every append is answered. After the first doubt it is retired: nothing new is
given to it, what it still holds is dropped once its other appends have ended, and another one is
built, with backoff, until one connects.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import aiokafka.errors as kafka  # type: ignore[import-untyped]
from aiokafka import AIOKafkaProducer

from responder.adapters.kafka.batches import Batches
from responder.adapters.kafka.connection import reach, reason
from responder.adapters.kafka.internals import close_producer
from responder.adapters.kafka.options import KafkaOptions, UnusableTlsFiles
from responder.stream.log import Unreachable

FIRST_BACKOFF_SECONDS = 0.2
MOST_BACKOFF_SECONDS = 5.0


@dataclass(eq=False)
class Producer:
    """One producer, from its connection until it is retired and its last append has ended."""

    client: AIOKafkaProducer
    batches: Batches
    asked_for: set[str] = field(default_factory=set)
    """Topics, by their names on the wire."""
    appends: int = 0

    def knows(self, topic: str) -> bool:
        """Whether the topic is there, and was when we asked; what it has lost it must ask for."""
        is_there = self.client.client.cluster.partitions_for_topic(topic) is not None
        return is_there and topic in self.asked_for


class Producers:
    """Lends out the present producer; replaces it after the first append that raised."""

    def __init__(self, options: KafkaOptions) -> None:
        self._options = options
        self._present: Producer | None = None
        self._connected = asyncio.Event()
        self._tried = asyncio.Event()
        self._retired: set[Producer] = set()
        self._building: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._backoff = 0.0
        self._why_away = "Kafka is not connected yet"
        self._is_stopped = False

    async def wait(self, seconds: float) -> Producer:
        """The present producer, as soon as there is one.

        Raises:
            Unreachable: there is none within `seconds`; says why the last attempt failed.
        """
        return self._present or await self._after(self._connected, seconds)

    async def try_first(self, seconds: float) -> Producer:
        """The present producer; waits for one only before the first attempt has ended.

        Raises:
            Unreachable: Kafka is known to be away, or did not answer within `seconds`.
        """
        return self._present or await self._after(self._tried, seconds)

    @contextmanager
    def lent(self, producer: Producer) -> Iterator[AIOKafkaProducer]:
        """Retires the producer when the client raises, or nothing answers in time."""
        producer.appends += 1
        try:
            yield producer.client
            self._backoff = 0.0
        except (kafka.KafkaError, OSError, TimeoutError) as e:
            self._retire(producer, f"Kafka {reason(e)}")
            raise
        finally:
            producer.appends -= 1
            if producer in self._retired and not producer.appends:
                self._close(producer, flush_seconds=0)

    async def stop(self) -> None:
        """Flush and close, in bounded time."""
        self._is_stopped = True
        self._why_away = "this writer is stopped"
        if self._building is not None:
            self._building.cancel()
            await asyncio.wait({self._building})
        if self._present is not None:
            producer, self._present = self._present, None
            self._close(producer, flush_seconds=self._options.close_timeout_ms / 1000)
        for producer in tuple(self._retired):
            self._close(producer, flush_seconds=0)
        if self._closing:
            await asyncio.wait(self._closing)

    async def _after(self, event: asyncio.Event, seconds: float) -> Producer:
        is_building = self._building is not None and not self._building.done()
        if not is_building and self._present is None and not self._is_stopped:
            self._building = asyncio.create_task(self._build())
        if self._present is None and not self._is_stopped:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await event.wait()
        if self._present is None:
            raise Unreachable(self._why_away)
        return self._present

    def _retire(self, producer: Producer, why: str) -> None:
        if producer is self._present:
            self._retired.add(producer)
            self._present = None
            self._connected.clear()
            self._why_away = why
            self._building = asyncio.create_task(self._build())

    def _close(self, producer: Producer, *, flush_seconds: float) -> None:
        self._retired.discard(producer)
        if flush_seconds:
            producer.batches.hand_over()
        else:
            producer.batches.drop()
        closing = asyncio.create_task(close_producer(producer.client, flush_seconds))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _build(self) -> None:
        while self._present is None:
            # Only an answered append sets it back: with too few replicas in sync, a cluster accepts
            # connections and nothing else.
            await asyncio.sleep(self._backoff)
            self._backoff = min(max(2 * self._backoff, FIRST_BACKOFF_SECONDS), MOST_BACKOFF_SECONDS)
            try:
                self._present = self._producer(await self._connect())
            except (Unreachable, UnusableTlsFiles) as e:
                self._why_away = str(e)
            finally:
                self._tried.set()
        self._building = None
        self._connected.set()

    def _producer(self, client: AIOKafkaProducer) -> Producer:
        batches = Batches(
            client,
            topic_prefix=self._options.topic_prefix,
            linger_seconds=self._options.linger_ms / 1000,
            limit_seconds=self._options.append_timeout_ms / 1000,
        )
        return Producer(client, batches)

    async def _connect(self) -> AIOKafkaProducer:
        await reach(self._options)
        client = AIOKafkaProducer(**self._options.producer_arguments())
        try:
            async with asyncio.timeout(self._options.connect_timeout_ms / 1000):
                await client.start()
        except BaseException as e:
            await close_producer(client, 0)
            if isinstance(e, kafka.KafkaError | OSError | TimeoutError):
                raise Unreachable(f"Kafka {reason(e)}") from e
            raise
        return client
