"""What the audit finds: is anything missing, are the counts right, and does the chain hold?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias
from uuid import UUID

from responder.audit.chain import Break, Head

Facts: TypeAlias = Mapping[str, str | int | None]


class Check(StrEnum):
    """What is looked at, and does not hold."""

    MISSING = "missing"
    """Something came in, and the ledger cannot account for it."""
    STATE = "state"
    """A comment is not in the state that its history says, or its history is of no comment."""
    CHAIN = "chain"
    """The record of changes is not what was sealed."""
    COUNT = "count"
    """A count that is kept is not what a count gives."""
    LOG = "log"
    """The log began anew: what it held and nobody had read is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not hold. Nothing in it is about a person but ids."""

    check: Check
    name: str
    """Tells it from others of its check."""
    facts: Facts
    found_at: datetime | None = None
    """None: just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that came in and that the ledger cannot account for."""

    source: str
    """Empty: a record that nobody could read, and that named none."""
    comment_id: str = ""
    """Empty: of a record that nobody could read."""
    event_id: str | None = None
    record_id: UUID | None = None
    """Of a dead letter."""
    received_at: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.source}/{self.comment_id or self.record_id}"

    @property
    def finding(self) -> Finding:
        facts: Facts = {
            "source": self.source,
            "comment_id": self.comment_id,
            "event_id": self.event_id,
            "record_id": None if self.record_id is None else str(self.record_id),
            "received_at": None if self.received_at is None else self.received_at.isoformat(),
        }
        return Finding(check=Check.MISSING, name=self.name, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miscount:
    """A count that is kept, and is not what a count gives."""

    what: str
    """Its kind and labels."""
    kept: int
    counted: int

    @property
    def finding(self) -> Finding:
        facts: Facts = {"what": self.what, "kept": self.kept, "counted": self.counted}
        return Finding(check=Check.COUNT, name=self.what, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The result of one audit, by id, never by count alone."""

    head: Head
    """The last entry of the chain: keep it elsewhere to notice a truncation later."""
    chain_break: Break | None
    unlike_chain: tuple[UUID, ...]
    """Engagements whose state is not what the chain says, at most 100."""
    missing: tuple[Missing, ...]
    """At most 100."""
    missing_total: int
    miscounts: tuple[Miscount, ...]
    """At most 100. Pages and metrics show what is kept; `tally_rebuild()` in SQL mends it."""
    new_logs: tuple[Finding, ...] = ()
    """Where the log began anew of late."""

    @property
    def holds(self) -> bool:
        return not (
            self.chain_break
            or self.unlike_chain
            or self.missing_total
            or self.miscounts
            or self.new_logs
        )


class Auditor(Protocol):
    async def audit(self, *, since: Head | None = None) -> Findings:
        """One snapshot of ledger, chain and received ids; the chain must still hold `since`.

        Raises:
            Unavailable: the database is away.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far the live audit has followed the chain."""

    to: int
    """The number of the last entry up to which it holds."""
    is_valid: bool
    at: datetime | None
    """None: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the live audit knows now."""

    totals: Mapping[Check, int]
    """How much was found and is not mended, by every check."""
    chain: Followed
    looked_at: datetime | None
    """When it last looked for what is missing. None: never."""
    compared_at: datetime | None
    """Since then every id was compared, and every entry of the chain. None: not all so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round of the live audit came to."""

    found: tuple[Finding, ...]
    """What nobody was told of before."""
    mended: tuple[Finding, ...]
    """What was found in an earlier round, and holds again."""
    standing: Standing
    head: Head | None = None
    """Once in a while: how far the chain reaches."""
    unlooked: Mapping[str, str] = field(default_factory=dict)
    """Parts that could not be looked at this time, and why."""
