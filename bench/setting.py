"""How a row is to be measured."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.brokers import running_cluster
from responder.testing.kafka import KafkaCluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every row is told.

    Args:
        runs: how often; the table shows the median.
        folder: for whatever the row writes; removed afterwards. What it draws beside the bars that
            every row gets is kept from there with the row.
        shared: the broker of all rows, in small; None: each has its own.
    """

    runs: int
    folder: Path
    shared: KafkaCluster | None = None

    @property
    def is_smoke(self) -> bool:
        """Small sizes, several rows at once, to see that it runs and is correct: no figure counts."""
        return self.shared is not None

    @property
    def tries(self) -> int:
        """How often a push is made that is answered 503: never twice where its time counts."""
        return 5 if self.is_smoke else 1

    @asynccontextmanager
    async def cluster(self) -> AsyncIterator[KafkaCluster]:
        if self.shared is not None:
            yield self.shared
        else:
            async with running_cluster() as cluster:
                yield cluster
