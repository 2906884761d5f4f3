"""The headers of a dead letter: where, why, how often and since when; the original ones beside.

`responder.deadletter` holds what could not be processed, whole: key, value and headers as they
were. What is added has names of its own (`dl_…`), so that taking it off gives the original back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from responder.engagement.errors import Malformed

PREFIX = "dl_"

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Burial:
    """What is known about one dead letter beside what it holds."""

    where: str
    """`gateway`, or the consumer group that gave it up."""
    topic: str
    """Where it was read from, or would have gone."""
    reason: str
    """One word for counting: `malformed`, `failed`, …"""
    detail: str
    """For a person; quotes nothing of the value."""
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    source: str | None = None
    partition: int | None = None
    offset: int | None = None
    receipt: str | None = None
    """The id on the receipt that its sender got."""

    def headers(self) -> Headers:
        """To be put in front of the original headers."""
        texts = {
            "where": self.where,
            "topic": self.topic,
            "reason": self.reason,
            "detail": self.detail,
            "attempts": str(self.attempts),
            "first_failed_at": self.first_failed_at.isoformat(),
            "last_failed_at": self.last_failed_at.isoformat(),
            "source": self.source,
            "partition": _text(self.partition),
            "offset": _text(self.offset),
            "receipt": self.receipt,
        }
        return tuple(
            (PREFIX + name, text.encode()) for name, text in texts.items() if text is not None
        )


def read_burial(headers: Sequence[tuple[str, bytes]]) -> tuple[Burial, Headers]:
    """Tell what was added from what was there.

    Raises:
        Malformed: it is no dead letter of ours.
    """
    added = {
        name.removeprefix(PREFIX): value.decode(errors="replace")
        for name, value in headers
        if name.startswith(PREFIX)
    }
    original = tuple(header for header in headers if not header[0].startswith(PREFIX))
    try:
        burial = Burial(
            where=added["where"],
            topic=added["topic"],
            reason=added["reason"],
            detail=added["detail"],
            attempts=int(added["attempts"]),
            first_failed_at=datetime.fromisoformat(added["first_failed_at"]),
            last_failed_at=datetime.fromisoformat(added["last_failed_at"]),
            source=added.get("source"),
            partition=_number(added.get("partition")),
            offset=_number(added.get("offset")),
            receipt=added.get("receipt"),
        )
    except (KeyError, ValueError):
        raise Malformed(what="the dead letter", why="a dl_ header is missing or wrong") from None
    return burial, original


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
