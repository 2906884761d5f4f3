"""Which partitions are ours, in which epoch, and whether a commit may leave now.

    settled ──on_partitions_revoked──▶ revoking ──the listener is done──▶ joining
       ▲                                                                    │
       └───────── the listener is done ◀── on_partitions_assigned ──────────┘

Reading is allowed while settled. Commits are allowed while settled and while revoking; a commit
sent while joining would force another rejoin, or make the member forget who it is (aiokafka #727).
"""

from collections.abc import Collection

from aiokafka import TopicPartition  # type: ignore[import-untyped]

from responder.engagement.ports import Clock
from responder.stream.log import Assignment, Partition


class _Epochs:
    """Numbers that only grow: by the wall clock, so that two processes differ; and never back."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, clock: Clock) -> int:
        self._last = max(self._last + 1, int(clock.now().timestamp() * 1_000))
        return self._last


_EPOCHS = _Epochs()  # one for the process: a rebuilt consumer never repeats an epoch of the old one


class Ownership:
    """Ours are the partitions of `current`, each in an epoch that no other ownership has."""

    def __init__(self, *, topic_prefix: str, clock: Clock) -> None:
        self._prefix = topic_prefix
        self._clock = clock
        self._current: dict[TopicPartition, Assignment] = {}
        self.is_settled = False
        self.is_joining = True

    @property
    def current(self) -> Collection[Assignment]:
        return tuple(self._current.values())

    def owns(self, assignment: Assignment) -> bool:
        return self._current.get(self.wire(assignment.partition)) == assignment

    def assignment(self, wire: TopicPartition) -> Assignment:
        return self._current[wire]

    def wire(self, partition: Partition) -> TopicPartition:
        """The partition as Kafka names it."""
        return TopicPartition(self._prefix + partition.topic, partition.number)

    def begin(self, partitions: Collection[TopicPartition]) -> Collection[Assignment]:
        """These are ours from now on; nothing is read before `settle`."""
        self._current = {
            tp: Assignment(
                Partition(tp.topic.removeprefix(self._prefix), tp.partition),
                _EPOCHS.next(self._clock),
            )
            for tp in sorted(partitions)
        }
        self.is_joining = False
        return self.current

    def settle(self) -> None:
        self.is_settled = True

    def unsettle(self) -> Collection[Assignment]:
        """Nothing is read any more; a last commit may leave."""
        self.is_settled = False
        return self.current

    def end(self) -> None:
        """Nothing is ours, and no commit may leave, until `begin`."""
        self._current = {}
        self.is_settled = False
        self.is_joining = True
