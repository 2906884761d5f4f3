"""Why a decision is refused, in words for the person who made it."""

from dataclasses import dataclass

from responder.engagement.errors import Conflict, Invalid
from responder.engagement.lifecycle import State


@dataclass(eq=False, kw_only=True)
class StaleApproval(Conflict):
    """The comment or its thread changed since you looked; nothing was sent."""

    state: State
    context: str
    """As it stands now."""


@dataclass(eq=False, kw_only=True)
class AlreadyDecided(Conflict):
    """{who} decided this already; nothing of yours was sent."""

    who: str
    state: State
    context: str


@dataclass(eq=False, kw_only=True)
class UsedBefore(Conflict):
    """This was decided here before, and taken back or stopped since; nothing was done now."""


@dataclass(eq=False, kw_only=True)
class TooLateToUndo(Conflict):
    """It is on its way: the undo time had passed."""


@dataclass(eq=False, kw_only=True)
class DecidedSince(Conflict):
    """What this would take back is gone already; {who} has decided since. Nothing was changed."""

    who: str


@dataclass(eq=False, kw_only=True)
class TriedSince(Conflict):
    """It was tried once more since you looked; nothing was sent now. Look again whether it is there."""


@dataclass(eq=False, kw_only=True)
class TextUnusable(Invalid):
    """This text cannot be sent: {why}"""  # noqa: D415 - the reason ends the sentence

    why: str


@dataclass(eq=False, kw_only=True)
class ReasonUnusable(Invalid):
    """Nothing was closed: {why}"""  # noqa: D415 - the reason ends the sentence

    why: str
