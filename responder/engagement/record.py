"""What an act leaves behind: audit entries, written in the transaction of the act itself.

Entries hold ids, hashes and reasons, never text or names: an author can be erased and the sealed
chain still verifies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from responder.engagement.lifecycle import Move
from responder.engagement.model import EngagementId


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act: a state change if it has a move, else something worth knowing."""

    engagement_id: EngagementId | None
    act: str
    actor: str
    """`person:<id>`, `rule`, `triage`, `delivery`, `platform`, `relay`, `clock`, `operator`."""
    move: Move | None = None
    reason: str | None = None
    data: Mapping[str, str | int | None] = field(default_factory=dict)


def moved(
    engagement_id: EngagementId, move: Move, *, actor: str, **data: str | int | None
) -> Entry:
    """The entry of a state change."""
    return Entry(
        engagement_id=engagement_id,
        act=move.trigger.value,
        actor=actor,
        move=move,
        reason=move.reason,
        data=data,
    )
