"""What can be set about the runtime, and what must hold between the settings."""

from dataclasses import dataclass

BUFFER_PER_WORKER = 20
"""With 5 a worker and 6 partitions the throughput was half: the buffer held records of busy keys."""


class Inconsistent(ValueError):
    """Two settings contradict each other; the message names both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """Times in seconds. `rebalance_timeout` and `max_poll_interval` are the log's own."""

    concurrency: int = 64
    buffer_records: int = 4_000
    buffer_bytes: int = 64 * 1024 * 1024
    window_records: int = 4_000
    commit_interval: float = 0.5
    commit_every: int = 500
    commit_timeout: float = 5.0
    drain_timeout: float = 20.0
    cancel_grace: float = 2.0
    handler_timeout: float = 10.0
    retry_max: int = 5
    retry_max_age: float = 15 * 60.0
    backoff_first: float = 0.2
    backoff_most: float = 30.0
    keepalive: float = 5.0
    poll_wait: float = 0.2
    stuck_after: float = 5.0
    yield_every: float = 0.005
    fetch_stall: float = 60.0
    rebalance_timeout: float = 35.0
    max_poll_interval: float = 600.0
    malformed_tokens: int = 1_000
    malformed_refill_per_second: float = 10.0
    failed_tokens: int = 10
    failed_refill_seconds: float = 300.0
    failed_refill_finished: int = 200

    def __post_init__(self) -> None:
        self._all_positive()
        self._at_least("buffer_records", BUFFER_PER_WORKER, "concurrency")
        self._at_least("max_poll_interval", 10, "keepalive")
        if 2 * self.commit_timeout + self.drain_timeout + self.cancel_grace >= (
            self.rebalance_timeout
        ):
            raise Inconsistent(
                "2 x commit_timeout + drain_timeout + cancel_grace must be less than "
                f"rebalance_timeout: 2 x {self.commit_timeout} + {self.drain_timeout} + "
                f"{self.cancel_grace} is not less than {self.rebalance_timeout}"
            )

    def _all_positive(self) -> None:
        for name in self.__dataclass_fields__:
            if getattr(self, name) <= 0:
                raise Inconsistent(f"{name} must be more than 0, not {getattr(self, name)}")

    def _at_least(self, name: str, times: int, other: str) -> None:
        least = times * getattr(self, other)
        if getattr(self, name) < least:
            raise Inconsistent(
                f"{name} must be at least {times} x {other} = {least}, not {getattr(self, name)}"
            )
