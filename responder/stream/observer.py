"""What the runtime tells about itself, without knowing any metric library.

Nothing is told per record: durations come in slices, so that being watched costs nothing that grows
with the load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from responder.stream.deadletter import Bucket
from responder.stream.log import Corrupt, Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """How the runtime stands, once a second. Ages in seconds."""

    running: int
    buffered_records: int
    buffered_bytes: int
    concurrency_limit: int
    deepest_lane: int
    spans: Mapping[Partition, int]
    oldest_unfinished: Mapping[Partition, float]
    """Since the record at the commit point was appended; 0 where everything is finished."""
    tokens: Mapping[tuple[Partition, Bucket], int]


class Observer(Protocol):
    """Told by one consumer, on the event loop; must neither block nor raise."""

    def handled(self, seconds: Sequence[float]) -> None:
        """How long handlers took: one figure a call, be it one record or a batch."""

    def waited(self, seconds: Sequence[float]) -> None:
        """From delivery to the handler's start, for one record of every slice delivered."""

    def finished(self, records: int) -> None: ...

    def retried(self, reason: str) -> None: ...

    def buried(self, reason: str) -> None: ...

    def bury_failed(self, error: Exception) -> None: ...

    def late(self, records: int) -> None:
        """So many were finished after their assignment was lost; they will be seen again."""

    def commit_failed(self, kind: str) -> None: ...

    def rebalanced(self, seconds: float) -> None:
        """From the first thing given up to the new assignment."""

    def drain_timed_out(self, handlers: int) -> None: ...

    def stopped(self, partition: Partition) -> None:
        """Out of tokens for our own failures: an operator should look."""

    def resumed(self, partition: Partition) -> None: ...

    def corrupt(self, error: Corrupt) -> None: ...

    def lag(self, partition: Partition, records: int) -> None:
        """So many stand between the commit point and the end of the log; told now and then."""

    def rebuilt(self, error: Exception) -> None:
        """The consumer ended with this; a new one is being built."""

    def gauges(self, gauges: Gauges) -> None: ...


class NullObserver:
    """Looks away."""

    def handled(self, seconds: Sequence[float]) -> None: ...

    def waited(self, seconds: Sequence[float]) -> None: ...

    def finished(self, records: int) -> None: ...

    def retried(self, reason: str) -> None: ...

    def buried(self, reason: str) -> None: ...

    def bury_failed(self, error: Exception) -> None: ...

    def late(self, records: int) -> None: ...

    def commit_failed(self, kind: str) -> None: ...

    def rebalanced(self, seconds: float) -> None: ...

    def drain_timed_out(self, handlers: int) -> None: ...

    def stopped(self, partition: Partition) -> None: ...

    def resumed(self, partition: Partition) -> None: ...

    def corrupt(self, error: Corrupt) -> None: ...

    def lag(self, partition: Partition, records: int) -> None: ...

    def rebuilt(self, error: Exception) -> None: ...

    def gauges(self, gauges: Gauges) -> None: ...
