"""What the roles of one process share: time, database, log, configuration, places, metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.deliveries import PostgresDeliveryWork
from responder.adapters.postgres.desk import PostgresDesk
from responder.adapters.system import SystemClock, SystemIds, SystemRandom
from responder.app.current import Change, Current
from responder.app.health import Health
from responder.app.logs import Logs
from responder.app.places import Connector, Places
from responder.app.versions import keep
from responder.delivery.service import Delivery
from responder.engagement.errors import Misconfigured, Unavailable
from responder.engagement.events import Event
from responder.engagement.workspace import Workspace
from responder.intake.service import read_again
from responder.settings import Settings
from responder.stream.options import StreamOptions
from responder.telemetry.metrics import Metrics
from responder.telemetry.observers import DeliveryMetrics

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Opened once per process; every role takes what it needs."""

    settings: Settings
    clock: SystemClock
    ids: SystemIds
    random: SystemRandom
    metrics: Metrics
    health: Health
    engine: AsyncEngine
    database_url: str
    """Direct, for the log and for connections that hold session locks."""
    logs: Logs
    current: Current
    places: Places
    connector: Connector

    def workspace(self) -> Workspace:
        """As configured now, with what the platforms call us."""
        return self.places.known_by_platform(self.current.workspace())

    def desk(self) -> PostgresDesk:
        return PostgresDesk(
            self.engine, workspace=self.workspace, capabilities=self.places.capabilities
        )

    def delivery(self) -> Delivery:
        return Delivery(
            work=PostgresDeliveryWork(self.engine),
            platforms=self.places.reply,
            kinds=self.places.kinds,
            clock=self.clock,
            random=self.random,
            observer=DeliveryMetrics(self.metrics, self.places.kinds.values()),
        )

    def read_again(
        self, source: str, headers: Sequence[tuple[str, str]], value: bytes
    ) -> tuple[Event, ...]:
        """What a push that could not be read holds, as its platform reads it now."""
        return read_again(self.places.push, source, headers, value, now=self.clock.now())

    async def reload(self) -> Change | None:
        """Read the configuration again, and connect what is configured then: both or neither.

        Gives what changed; None where it was refused, which is logged with the reason.
        """
        fresh = self.current.read_again()
        if fresh is None:
            return None
        try:
            await keep(self.engine, fresh)
            self.connector.connect(fresh, self.places)
        except (Misconfigured, Unavailable) as error:
            log.warning("configuration.refused", why=str(error))
            return None
        change = self.current.change(fresh)
        self.describe()
        return change

    def describe(self) -> None:
        """Let the metrics say what runs, and under which configuration."""
        configuration = self.current.configuration
        policies = configuration.workspace.policies.values()
        self.metrics.describe(
            version=version("responder"),
            configuration=configuration.version[:12],
            targets={each.name: each.target.total_seconds() for each in policies},
            objectives={each.name: each.objective for each in policies},
        )

    def stream_options(self, *, handler_timeout: float | None = None) -> StreamOptions:
        stream, kafka = self.settings.stream, self.settings.kafka
        return StreamOptions(
            concurrency=stream.concurrency,
            buffer_records=stream.buffer_records,
            buffer_bytes=stream.buffer_bytes,
            window_records=stream.window_records,
            commit_interval=stream.commit_interval,
            commit_every=stream.commit_every,
            commit_timeout=stream.commit_timeout,
            drain_timeout=stream.drain_timeout,
            cancel_grace=stream.cancel_grace,
            handler_timeout=handler_timeout or stream.handler_timeout,
            retry_max=stream.retry_max,
            retry_max_age=stream.retry_max_age,
            keepalive=stream.keepalive,
            rebalance_timeout=kafka.rebalance_timeout_ms / 1000,
            max_poll_interval=kafka.max_poll_interval_ms / 1000,
        )
