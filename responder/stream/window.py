"""Which offsets of one assignment are unfinished, and so how far may be committed. No I/O.

Only offsets that were really delivered count, so gaps in the log (compaction, transaction markers)
need no care. A window belongs to one assignment, that is to one epoch, and is never used again: after
`close` a late finish changes nothing, so work of a lost epoch cannot move the commit point.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One unbroken run of offsets, and how many were delivered before it."""

    offsets: range
    before: int
    oldest_at: float


class Window:
    """The unfinished offsets of one assignment.

    Args:
        limit: at most so many delivered offsets between the commit point and the end.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.end: int | None = None
        """The offset after the last one delivered; None before the first delivery."""
        self.is_closed = False
        self._deliveries: deque[_Delivery] = deque()
        self._unfinished: set[int] = set()
        self._delivered = 0
        self._low = 0
        self._committed: int | None = None

    def start(self, offsets: range, oldest_at: float) -> None:
        """Take an unbroken run of offsets, all above the last one.

        Args:
            offsets: with step 1, and not empty.
            oldest_at: when the first of them was appended, on whatever clock.
        """
        if self.end is not None and offsets.start < self.end:
            raise ValueError(f"{offsets} was delivered after {self.end - 1}")
        if self.end is None:
            self._committed = offsets.start  # to store where we began would be no news
        if not self._unfinished:
            self._low = offsets.start
            self._deliveries.clear()
        self._deliveries.append(_Delivery(offsets, self._delivered, oldest_at))
        self._unfinished.update(offsets)
        self._delivered += len(offsets)
        self.end = offsets.stop

    def finish(self, offsets: Collection[int]) -> int:
        """Count these as done, in any order, once or more often; gives how many came too late."""
        if self.is_closed:
            return len(offsets)
        self._unfinished.difference_update(offsets)
        return 0

    def close(self) -> None:
        """The epoch is over: from now on nothing changes any more."""
        self.is_closed = True

    @property
    def commit_point(self) -> int | None:
        """The next offset to read after a restart: the lowest unfinished one, else the end."""
        if not self._unfinished:
            return self.end
        # The low mark only ever rises, so looking for the lowest costs each offset one step in all.
        while self._low not in self._unfinished:
            self._low += 1
            if self._low >= self._deliveries[0].offsets.stop:
                self._deliveries.popleft()
                self._low = self._deliveries[0].offsets.start
        return self._low

    @property
    def span(self) -> int:
        """How many delivered offsets stand between the commit point and the end."""
        if not self._unfinished:
            return 0
        low = self.commit_point or 0
        first = self._deliveries[0]
        return self._delivered - first.before - (low - first.offsets.start)

    @property
    def room(self) -> int:
        """How many more offsets it takes."""
        return 0 if self.is_closed else max(0, self.limit - self.span)

    @property
    def unfinished(self) -> int:
        return len(self._unfinished)

    @property
    def oldest_at(self) -> float | None:
        """`oldest_at` of the delivery that holds the commit point; None when all is finished."""
        if not self._unfinished:
            return None
        _ = self.commit_point  # brings the oldest unfinished delivery to the front
        return self._deliveries[0].oldest_at

    @property
    def is_dirty(self) -> bool:
        """Whether a commit would store something new."""
        return not self.is_closed and self.commit_point != self._committed

    def committed(self, point: int) -> None:
        """The log has stored this point. A later answer for an earlier point is harmless."""
        self._committed = point
