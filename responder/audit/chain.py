"""The sealed chain: each entry's hash covers the one before, so that no edit goes unnoticed.

An edit, a deletion or a reordering breaks every hash behind it. Cutting entries off the end is
caught by comparing with a head that was exported earlier.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

GENESIS = hashlib.sha256(b"responder audit chain").digest()
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """One entry of the chain."""

    number: int
    """Dense, from 1."""
    entry_id: int
    engagement_id: UUID | None
    act: str
    actor: str
    from_state: str | None
    to_state: str | None
    reason: str | None
    data: Mapping[str, object]
    at: datetime
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where the chain does not hold, and what is wrong there."""

    number: int
    what: str
    entry_id: int | None = None
    """None where the entry itself is gone."""
    engagement_id: UUID | None = None
    """Whose history it is in, as far as it can be told."""


def seal(before: bytes, entry: Sealed) -> bytes:
    """The hash of an entry that follows one with hash `before`. Its own `hash` is not read."""
    content = {
        "number": entry.number,
        "entry_id": entry.entry_id,
        "engagement_id": None if entry.engagement_id is None else str(entry.engagement_id),
        "act": entry.act,
        "actor": entry.actor,
        "from_state": entry.from_state,
        "to_state": entry.to_state,
        "reason": entry.reason,
        "data": entry.data,
        "at": entry.at.astimezone(UTC).isoformat(),
    }
    return hashlib.sha256(before + _CANONICAL.encode(content).encode()).digest()


@dataclass(slots=True)
class Verifier:
    """Walks the chain once, in the order of its numbers.

    Keeps one state per engagement, to check that every state change continues the one before.
    """

    number: int = 0
    head: bytes = GENESIS
    states: dict[UUID, str] = field(default_factory=dict)

    def check(self, entries: Iterable[Sealed]) -> Break | None:
        """The first break among the next entries, or None."""
        for entry in entries:
            if entry.number != self.number + 1:
                return Break(number=self.number + 1, what="the entry is missing")
            if seal(self.head, entry) != entry.hash:
                return _break(entry, "the entry is not what was sealed")
            if not self._continues(entry):
                return _break(entry, "the state change does not continue the one before")
            self.number, self.head = entry.number, entry.hash
        return None

    def _continues(self, entry: Sealed) -> bool:
        if entry.engagement_id is None or entry.to_state is None:
            return True
        before = self.states.get(entry.engagement_id, "received")
        self.states[entry.engagement_id] = entry.to_state
        return before == entry.from_state


def _break(entry: Sealed, what: str) -> Break:
    return Break(
        number=entry.number,
        what=what,
        entry_id=entry.entry_id,
        engagement_id=entry.engagement_id,
    )
