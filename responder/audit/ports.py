"""What the audit finds: is anything missing, and does the chain hold?"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from responder.audit.chain import Break


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that came in and that the ledger cannot account for."""

    source: str
    comment_id: str
    event_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Miscount:
    """A count that is kept, and is not what a count gives."""

    what: str
    """Its kind and labels."""
    kept: int
    counted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The result of one audit, by id, never by count alone."""

    sealed: int
    """How many entries the chain has."""
    head: str
    """The hash of the last, in hex: keep it elsewhere to notice a truncation later."""
    chain_break: Break | None
    unlike_chain: tuple[UUID, ...]
    """Engagements whose state is not what the chain says, at most 100."""
    missing: tuple[Missing, ...]
    """At most 100."""
    missing_total: int
    miscounts: tuple[Miscount, ...]
    """At most 100. Pages and metrics show what is kept; `tally_rebuild()` in SQL mends it."""

    @property
    def holds(self) -> bool:
        return not (self.chain_break or self.unlike_chain or self.missing_total or self.miscounts)


class Auditor(Protocol):
    async def audit(self) -> Findings:
        """One snapshot of ledger, chain and received ids.

        Raises:
            Unavailable: the database is away.
        """
