"""Keeps a consumer running: a fresh client after the log was lost, never after a handler's error."""

import asyncio
from collections.abc import Callable

from responder.stream.environment import Carried, Environment, Subscription
from responder.stream.limit import Limit
from responder.stream.log import Log
from responder.stream.retry import Backoff
from responder.stream.runner import Consumer, Health

REBUILD_FIRST_SECONDS = 0.5
REBUILD_MOST_SECONDS = 30.0
STEADY_SECONDS = 60.0


class Supervisor:
    """Runs one consumer after another until it is stopped.

    Args:
        make_log: gives a fresh client each time; no two are alive at once.
        limit: how many handlers at once; by default always `options.concurrency`.
    """

    def __init__(
        self,
        *,
        make_log: Callable[[], Log],
        subscription: Subscription,
        environment: Environment,
        limit: Limit | None = None,
    ) -> None:
        self._make_log = make_log
        self._subscription = subscription
        self._environment = environment
        self._limit = limit
        self._backoff = Backoff(REBUILD_FIRST_SECONDS, REBUILD_MOST_SECONDS, environment.random)
        self._carried = Carried()
        self._stopping = asyncio.Event()
        self._consumer: Consumer | None = None

    async def run(self) -> None:
        """Run until `stop`; a log that is away is waited for."""
        clock = self._environment.clock
        failures = 0
        while not self._stopping.is_set():
            started_at = clock.monotonic()
            self._consumer = self._build()
            try:
                await self._consumer.run()
            except Exception as error:  # noqa: BLE001 - the observer tells; a new one is built
                self._environment.observer.rebuilt(error)
                was_steady = clock.monotonic() - started_at >= STEADY_SECONDS
                failures = 1 if was_steady else failures + 1
                await self._wait(self._backoff.delay(failures))

    async def stop(self) -> None:
        """Stop the consumer, each step within its own limit, and build no other. May be joined."""
        self._stopping.set()
        if self._consumer is not None:
            await self._consumer.stop()

    def allow(self, records: int) -> None:
        """Let every partition of ours bury so many more records."""
        if self._consumer is not None:
            self._consumer.allow(records)

    def health(self) -> Health | None:
        """How the present consumer is; None before the first."""
        return None if self._consumer is None else self._consumer.health()

    def _build(self) -> Consumer:
        return Consumer(
            log=self._make_log(),
            subscription=self._subscription,
            environment=self._environment,
            limit=self._limit,
            carried=self._carried,
        )

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
