"""How many records to ask for: bounded memory, and no partition starves another.

Each partition may hold twice what is left free (dynamic thresholds: Choudhury and Hahne, "Dynamic
Queue Length Thresholds for Shared-Memory Packet Switches", 1998). One busy partition then gets two
thirds of the buffer, two get two fifths each, and something is always left for a partition that was
quiet; a fixed share would be small where most are idle, and none would let one viral post stop
everything.
"""

from collections.abc import Collection, Mapping

from responder.stream.lanes import Lanes, Shelf
from responder.stream.log import Assignment

SHARE_OF_FREE = 2
LEAST_SHARE = 16
"""A partition is asked again when this part of the buffer, and of its window, is free: no polls for
a few records."""


class Buffer:
    """The room that is left, in records and in bytes. No I/O."""

    def __init__(self, lanes: Lanes, *, records: int, size_bytes: int) -> None:
        self.records = records
        self._lanes = lanes
        self._size_bytes = size_bytes

    @property
    def chunk(self) -> int:
        """How many records it takes at least to be worth a question."""
        free = self.records - self._lanes.records
        return max(1, min(self.records // LEAST_SHARE, free // 2))

    def room(self, shelves: Collection[Shelf]) -> Mapping[Assignment, int]:
        """What to ask for of each; a partition without room is left out."""
        free = self.records - self._lanes.records
        free_bytes = self._size_bytes - self._lanes.size_bytes
        if free <= 0 or free_bytes <= 0:
            return {}
        chunk = self.chunk
        is_alone = len(shelves) == 1
        open_ = {
            shelf.assignment: room
            for shelf in shelves
            if not (shelf.is_stopped or shelf.is_leaving)
            and (is_alone or shelf.size_bytes <= SHARE_OF_FREE * free_bytes)
            and (room := min(shelf.window.room, free if is_alone else self._share(shelf, free)))
            >= self._worth(shelf, chunk)
        }
        most = max(1, free // max(1, len(open_)))
        return {assignment: min(room, most) for assignment, room in open_.items()}

    @staticmethod
    def _share(shelf: Shelf, free: int) -> int:
        """How many until it holds its share of what is then left free."""
        return (SHARE_OF_FREE * free - shelf.records) // (1 + SHARE_OF_FREE)

    @staticmethod
    def _worth(shelf: Shelf, chunk: int) -> int:
        # A window that is held up by its head must fill further than where that is noticed.
        return min(chunk, max(1, shelf.window.limit // LEAST_SHARE))
