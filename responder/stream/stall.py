"""Looks, now and then, at where the partitions end: for the lag, and for a log that has gone quiet.

Client libraries are known to stop receiving without an error (aiokafka #1037), and a poll that never
returns looks the same. The cure for both is a new client, so a stall ends the consumer.
"""

from dataclasses import dataclass

from responder.stream.environment import Environment
from responder.stream.lanes import Shelf
from responder.stream.log import Assignment, Log, LogError, Partition
from responder.stream.ownership import Ownership
from responder.stream.poll import PollLoop

LOOKS_PER_STALL = 4


class Stalled(Exception):
    """There are records at the log, there is room for them, and none come."""


@dataclass(frozen=True, slots=True)
class _Quiet:
    position: int
    since: float


class StallWatch:
    """Compares what was delivered with what is there; for ever.

    Args:
        excused: where a stall was found before. A partition can end in offsets that are no records
            (transaction markers); one rebuild for each such end is enough to know.
    """

    def __init__(
        self,
        *,
        log: Log,
        ownership: Ownership,
        polls: PollLoop,
        environment: Environment,
        excused: dict[Partition, int],
    ) -> None:
        self._log = log
        self._ownership = ownership
        self._shelves = ownership.shelves
        self._polls = polls
        self._clock = environment.clock
        self._observer = environment.observer
        self._limit = environment.options.fetch_stall
        self._rebalance_limit = environment.options.rebalance_timeout
        self._excused = excused
        self._quiet: dict[Assignment, _Quiet] = {}

    async def run(self) -> None:
        """Look for ever.

        Raises:
            Stalled: nothing came for too long, and there is something; or a poll never returned.
        """
        while True:
            await self._clock.sleep(self._limit / LOOKS_PER_STALL)
            self._look_at_loop()
            for shelf in list(self._shelves.values()):
                await self._look(shelf)

    def _look_at_loop(self) -> None:
        if self._polls.age > self._limit + self._rebalance_limit:
            raise Stalled(f"a poll has not returned for {self._polls.age:.0f} s")
        lost_since = self._ownership.lost_since
        if lost_since is not None and self._clock.monotonic() - lost_since > self._rebalance_limit:
            # The log says that it is somebody else's and its client goes on as if it were ours.
            raise Stalled("no rebalance has followed a loss")

    async def _look(self, shelf: Shelf) -> None:
        assignment = shelf.assignment
        try:
            end = await self._log.end(assignment.partition)
            position = await self._position(shelf)
        except LogError:
            return  # the log is away: that is known, and no stall
        if assignment not in self._shelves:
            return
        point = shelf.window.commit_point
        self._observer.lag(assignment.partition, end - (position if point is None else point))
        is_expecting = end > position and self._polls.is_asking(assignment)
        if not is_expecting or end == self._excused.get(assignment.partition):
            self._quiet.pop(assignment, None)
        elif self._quiet_for(assignment, position) >= self._limit:
            self._excused[assignment.partition] = end
            where = f"{assignment.partition.topic}[{assignment.partition.number}]"
            raise Stalled(f"{where} gives nothing at {position} and ends at {end}")

    def _quiet_for(self, assignment: Assignment, position: int) -> float:
        """For how long it has been expected and has stood at this position, in seconds."""
        now = self._clock.monotonic()
        quiet = self._quiet.get(assignment)
        if quiet is None or quiet.position != position:
            quiet = self._quiet[assignment] = _Quiet(position, now)
        return now - quiet.since

    async def _position(self, shelf: Shelf) -> int:
        """The next offset that has to be delivered."""
        if shelf.window.end is not None:
            return shelf.window.end
        return await self._log.committed(shelf.assignment.partition) or 0
