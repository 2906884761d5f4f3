"""What a handler is, and what it may say became of a record.

A handler is an async function of one record, or of a batch of them. It returns an `Outcome` or
raises; `outcome_of` says what an exception means, by the branch of `responder.engagement.errors`
alone, so that the runtime knows no stage.

The runtime may call a handler again for the same record: after a crash, a rebalance, a time limit.
It may be cancelled at every await. So it has no effect outside one transaction except calls that
may be repeated. Waiting for hours is not its business either: it stores what is due when, and
returns `Done`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from responder.engagement.errors import Invalid, RateLimited
from responder.stream.log import Record

MALFORMED = "malformed"
"""The reason that is charged to the large bucket of dead-letter tokens: a stranger's garbage."""
FAILED = "failed"
HEAD_OF_LINE = "head_of_line"
HANDLER_TIMEOUT = "handler_timeout"
UNEXPECTED = "unexpected"
"""The reason for an exception that is none of `responder.engagement.errors`."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is dealt with, and durably so."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing came of it; the lane waits and tries again.

    `after_seconds` is the least to wait, when somebody told us. An attempt that does not count
    (`counts=False`: a breaker was open, a lease is held) brings no record nearer to the dead letter;
    only `retry_max_age` ends such waiting.
    """

    reason: str
    """A short word out of few: it is a metric's label. What exactly happened goes into `detail`."""
    after_seconds: float | None = None
    detail: str = ""
    counts: bool = True
    overloaded: bool = False
    """The dependency said that it has too much to do: adaptive concurrency goes down."""


@dataclass(frozen=True, slots=True)
class Bury:
    """It can never be dealt with: to the dead letter, durably, and the lane moves on.

    `reason` is a short word, as in `Retry`.
    """

    reason: str
    detail: str = ""


Outcome: TypeAlias = Done | Retry | Bury

DONE = Done()

RecordHandler: TypeAlias = Callable[[Record], Awaitable[Outcome]]
BatchHandler: TypeAlias = Callable[[Sequence[Record]], Awaitable[Sequence[Outcome]]]


@dataclass(frozen=True, slots=True)
class One:
    """Records are handled one at a time, at most one of each key."""

    handle: RecordHandler


@dataclass(frozen=True, slots=True)
class Batch:
    """Records are handled together, in one transaction: one outcome for each, in their order.

    When the call raises, the batch is split in halves down to single records; only a record that
    fails alone is charged an attempt. `Retryable` does not split: the dependency is at fault, not a
    record. What is said about records behind a `Retry` of their own key is ignored: they come again.

    Args:
        order: `distinct` gives at most one record of a key; `key` also gives the records behind it,
            in their order.
        linger_seconds: how long to wait for more when fewer than `size` are ready.
    """

    handle: BatchHandler
    size: int = 200
    linger_seconds: float = 0.05
    order: Literal["key", "distinct"] = "key"


Handler: TypeAlias = One | Batch


def outcome_of(error: Exception) -> Outcome:
    """What an exception of a handler means for its record.

    An error may say by attributes what only its raiser knows: `counts_as_attempt = False` (an open
    breaker), `is_overload = True`, `after_seconds`.
    """
    if isinstance(error, Invalid):
        return Bury(MALFORMED, str(error))
    return Retry(
        getattr(error, "code", UNEXPECTED),
        detail=f"{type(error).__name__}: {error}",
        after_seconds=getattr(error, "after_seconds", None),
        counts=getattr(error, "counts_as_attempt", True),
        overloaded=getattr(error, "is_overload", isinstance(error, RateLimited)),
    )
