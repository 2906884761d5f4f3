"""Where a record goes that cannot be dealt with, and how fast: the port and the tokens.

Tokens keep an outage from draining a topic into the dead letter. There are two buckets, because the
first topic is public: a stranger's garbage must never stop a partition, while our own failures
should, before they bury what a person could still answer.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from responder.stream.log import Record


class DeadLetters(Protocol):
    """Keeps whole what could not be dealt with."""

    async def bury(
        self,
        record: Record,
        *,
        group: str,
        reason: str,
        detail: str,
        attempts: int,
        first_failed_at: datetime,
        last_failed_at: datetime,
    ) -> None:
        """Store the record (key, value, headers) durably with where, why, how often and when.

        May be asked twice for one record. Any exception means that it is not certainly stored; the
        runtime asks again, for ever: the record is never skipped.
        """


class Bucket(Enum):
    MALFORMED = "malformed"
    """A record is at fault. Empty: the partition slows to the refill rate."""
    FAILED = "failed"
    """We are at fault, or seem to be. Empty: the partition stops."""


@dataclass(slots=True)
class TokenBucket:
    """Tokens that refill with time, and by being granted, up to its size.

    What is granted by a person may exceed the size: it is meant to be used up.
    """

    size: float
    per_second: float
    tokens: float
    at: float

    @classmethod
    def full(cls, size: float, per_second: float, at: float) -> "TokenBucket":
        return cls(size, per_second, size, at)

    def take(self, now: float) -> bool:
        self._refill(now)
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True

    def earn(self, tokens: float) -> None:
        self.tokens = max(self.tokens, min(self.size, self.tokens + tokens))

    def grant(self, tokens: int) -> None:
        self.tokens += tokens

    def reserve(self, now: float) -> float:
        """Take the next token there will be; gives when it may be used."""
        self._refill(now)
        self.tokens -= 1.0
        return now + max(0.0, -self.tokens) / self.per_second

    def left(self, now: float) -> int:
        self._refill(now)
        return max(0, int(self.tokens))

    def _refill(self, now: float) -> None:
        self.earn((now - self.at) * self.per_second)
        self.at = now


class Tokens:
    """The buckets of one partition. They outlive an assignment, or every rebalance would fill them."""

    def __init__(
        self, malformed: TokenBucket, failed: TokenBucket, *, finished_per_token: int
    ) -> None:
        self._buckets = {Bucket.MALFORMED: malformed, Bucket.FAILED: failed}
        self._finished_per_token = finished_per_token

    def take(self, bucket: Bucket, now: float) -> bool:
        return self._buckets[bucket].take(now)

    def reserve(self, bucket: Bucket, now: float) -> float:
        return self._buckets[bucket].reserve(now)

    def finished(self, records: int) -> None:
        """Work that went well earns trust back."""
        self._buckets[Bucket.FAILED].earn(records / self._finished_per_token)

    def allow(self, records: int) -> None:
        """A person has looked, and lets so many more be buried."""
        self._buckets[Bucket.FAILED].grant(records)

    def left(self, bucket: Bucket, now: float) -> int:
        return self._buckets[bucket].left(now)
