"""The guestbook as a bad platform: what tests and drills tell it to do. No page offers it."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class ReplyFault(StrEnum):
    """What happens to one reply that we post to it."""

    NONE = "none"
    LOSE_REQUEST = "lose the request"
    LOSE_ANSWER = "lose the answer"
    REFUSE_BEFORE = "refuse before"
    REFUSE_AFTER = "refuse after"
    REPEAT = "repeat"
    """It stands twice, whatever the key."""
    DELAY = "delay"
    """Made at once, answered after `Faults.delay_seconds`."""
    LIE = "lie"
    """201 with an id, and nothing was made."""
    HOLD = "hold"
    """Made, and held for moderation."""


class PushFault(StrEnum):
    """What happens to one push that it sends us."""

    NONE = "none"
    LOSE = "lose"
    """Taken for delivered, never sent: only reading the feed finds it."""
    REPEAT = "repeat"
    DELAY = "delay"
    """Counted as a failed try."""


@dataclass(slots=True)
class Faults:
    """What to do to the next ones, one each; after them all is well again."""

    replies: deque[ReplyFault] = field(default_factory=deque)
    pushes: deque[PushFault] = field(default_factory=deque)
    delay_seconds: float = 1.0

    def for_reply(self) -> ReplyFault:
        return self.replies.popleft() if self.replies else ReplyFault.NONE

    def for_push(self) -> PushFault:
        return self.pushes.popleft() if self.pushes else PushFault.NONE
