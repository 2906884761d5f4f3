"""The sealed chain: each entry's hash covers the one before, so that no edit goes unnoticed.

An edit, a deletion or a reordering breaks every hash behind it. Cutting entries off the end is
caught by comparing with a head that was exported earlier.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

from typing_extensions import override

from responder.engagement.errors import Malformed

MISSING = "the entry is missing"
EDITED = "the entry is not what was sealed"
UNLIKE_HEAD = "the entry is not the one that was here when the head was noted"
DISJOINT = "the state change does not continue the one before"

GENESIS = hashlib.sha256(b"responder audit chain").digest()
_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
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


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain reached at some moment. Whoever keeps it elsewhere notices what is cut off."""

    number: int
    hash: bytes

    @override
    def __str__(self) -> str:
        return f"{self.number}:{self.hash.hex()}"

    @classmethod
    def read(cls, written: str) -> Self:
        """What `str` wrote. Raises Malformed."""
        found = _HEAD.fullmatch(written.strip())
        if found is None:
            raise Malformed(what="the head", why="it is not a number, a colon and 64 hex digits")
        return cls(int(found[1]), bytes.fromhex(found[2]))


START = Head(0, GENESIS)
"""Of a chain without entries."""


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
    """Walks a chain once, in the order of its numbers, from its start or from a head on.

    Keeps one state per engagement, to check that every state change continues the one before.
    """

    head: Head = START
    """Where it stands: up to here the chain holds."""
    states: dict[UUID, str] = field(default_factory=dict)
    """The last of each engagement that has one."""
    noted: Mapping[int, bytes] = field(default_factory=dict)
    """Hashes that were noted at an earlier time, by number."""

    def check(self, entries: Iterable[Sealed]) -> Break | None:
        """The first break among the next entries, or None."""
        for entry in entries:
            if entry.number != self.head.number + 1:
                return self._missing()
            if seal(self.head.hash, entry) != entry.hash:
                return _break(entry, EDITED)
            if self.noted.get(entry.number, entry.hash) != entry.hash:
                return _break(entry, UNLIKE_HEAD)
            if not self._continues(entry):
                return _break(entry, DISJOINT)
            self.head = Head(entry.number, entry.hash)
        return None

    def end(self) -> Break | None:
        """Nothing comes any more: the break, if there was more when a head was noted."""
        return self._missing() if max(self.noted, default=0) > self.head.number else None

    def skip(self, entry: Sealed) -> None:
        """Go on behind an entry that does not hold, as if it did."""
        self._continues(entry)
        self.head = Head(entry.number, entry.hash)

    def _missing(self) -> Break:
        return Break(number=self.head.number + 1, what=MISSING)

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
