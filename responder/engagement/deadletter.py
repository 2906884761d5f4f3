"""How a record that could not be processed travels to the dead letter, whole, with where and why.

Key, value and headers stay as they were; what we say about it stands in headers of our own prefix,
so that taking them away again gives the record back.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from responder.engagement.errors import Malformed

PREFIX = "responder-dl-"
ID_HEADER = f"{PREFIX}id"
"""Stays on a record that is retried, so that a second failure finds its first."""
PUSH = "push"
"""The stage of what intake could not read: a verified body, or one element of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buried:
    """A dead letter: a record as it was, and what happened to it."""

    id: UUID
    topic: str
    """Where it belongs; for a push that could not be read, the topic of what it should have held."""
    partition: int | None
    offset: int | None
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    stage: str
    why: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    source: str | None = None
    receipt: str | None = None
    """The id that the sender's receipt named."""

    def marked(self) -> tuple[tuple[str, bytes], ...]:
        """The record's headers with ours behind them."""
        said: dict[str, object] = {
            "id": self.id,
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "stage": self.stage,
            "why": self.why[:1000],
            "attempts": self.attempts,
            "first-failed-at": self.first_failed_at.astimezone(UTC).isoformat(),
            "last-failed-at": self.last_failed_at.astimezone(UTC).isoformat(),
            "source": self.source,
            "receipt": self.receipt,
        }
        ours = tuple(
            (f"{PREFIX}{name}", str(value).encode())
            for name, value in said.items()
            if value is not None
        )
        return (*unmarked(self.headers), *ours)


class LetterRows(Protocol):
    """The ledger's rows of dead letters."""

    async def take(self, letters: Sequence[Buried]) -> None:
        """One row for each; one that failed again after a retry is open again. Raises Unavailable."""

    async def settle(self, dead_letter_id: UUID) -> None:
        """Close it, if it was retried: its record is dealt with. Raises Unavailable."""


def letter_id(*parts: object) -> UUID:
    """The same record makes the same dead letter, however often it is buried."""
    text = "\0".join(str(part) for part in parts)
    return UUID(bytes=hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16])


def unmarked(headers: Sequence[tuple[str, bytes]]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value) for name, value in headers if not name.startswith(PREFIX))


def earlier_id(headers: Sequence[tuple[str, bytes]]) -> UUID | None:
    """The dead letter that a record was retried from, if it was."""
    for name, value in headers:
        if name == ID_HEADER:
            try:
                return UUID(value.decode())
            except ValueError:
                return None
    return None


def read_buried(headers: Sequence[tuple[str, bytes]], *, key: bytes | None, value: bytes) -> Buried:
    """Read a record of the dead-letter topic.

    Raises:
        Malformed: it has not our headers; somebody else produced it.
    """
    said = {
        name.removeprefix(PREFIX): text.decode("utf-8", "replace")
        for name, text in headers
        if name.startswith(PREFIX)
    }
    try:
        return Buried(
            id=UUID(said["id"]),
            topic=said["topic"],
            partition=_number(said.get("partition")),
            offset=_number(said.get("offset")),
            key=key,
            value=value,
            headers=unmarked(headers),
            stage=said["stage"],
            why=said["why"],
            attempts=int(said["attempts"]),
            first_failed_at=datetime.fromisoformat(said["first-failed-at"]),
            last_failed_at=datetime.fromisoformat(said["last-failed-at"]),
            source=said.get("source"),
            receipt=said.get("receipt"),
        )
    except (KeyError, ValueError) as error:
        raise Malformed(what="the dead letter", why=f"its headers are not ours: {error}") from None


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
