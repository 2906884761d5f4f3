"""People of ours: who they are, and what they may do. Pure.

A role is a set of acts, each wider than the one before. Hidden buttons are a courtesy: the server
asks `can` at every request.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from responder.engagement.errors import Invalid, Refused
from responder.engagement.model import PersonId

UNDO_SECONDS_LIMIT = 120
NAME_LIMIT = 64


class Role(StrEnum):
    VIEWER = "viewer"
    """Reads."""
    REVIEWER = "reviewer"
    """Also closes, reopens, and says where a reply stands."""
    APPROVER = "approver"
    """Also sends replies."""
    ADMIN = "admin"
    """Also decides about records that could not be read."""


class Act(StrEnum):
    """What somebody wants to do; several pages and commands may be the same act."""

    READ = "read"
    DECIDE = "decide"
    """Close, reopen, take back, say where a reply stands."""
    SEND = "send"
    """Let a text go out in the brand's name."""
    MEND = "mend"
    """Retry or drop a record that could not be read."""


_ACTS = {
    Role.VIEWER: frozenset({Act.READ}),
    Role.REVIEWER: frozenset({Act.READ, Act.DECIDE}),
    Role.APPROVER: frozenset({Act.READ, Act.DECIDE, Act.SEND}),
    Role.ADMIN: frozenset(Act),
}


class Shortcuts(StrEnum):
    """How single keys work for a person (WCAG 2.1.4)."""

    ON = "on"
    ALT = "alt"
    """Only with Alt held."""
    OFF = "off"


class Theme(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    undo_seconds: int = 10
    """0 to `UNDO_SECONDS_LIMIT`; 0 sends at once."""
    shortcuts: Shortcuts = Shortcuts.ON
    theme: Theme = Theme.SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of ours who may sign in."""

    id: PersonId
    name: str
    role: Role
    preferences: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in browser, as its owner sees it. Its secret is not here."""

    id: UUID
    agent: str
    """What the browser called itself: a hint."""
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(eq=False, kw_only=True)
class NotAllowed(Refused):
    """{name} may not {act} here: the role {role} does not include it."""

    name: str
    role: Role
    act: Act


@dataclass(eq=False, kw_only=True)
class NameTaken(Invalid):
    """There is a person called {name} already."""

    name: str


@dataclass(eq=False, kw_only=True)
class NameUnusable(Invalid):
    """A name has 1 to 64 visible characters."""

    name: str


@dataclass(eq=False, kw_only=True)
class LinkSpent(Refused):
    """This sign-in link was used already, is too old, or never existed."""


def can(actor: Person, act: Act) -> bool:
    return act in _ACTS[actor.role]


def require(actor: Person, act: Act) -> None:
    """Raises NotAllowed."""
    if not can(actor, act):
        raise NotAllowed(name=actor.name, role=actor.role, act=act)


def usable_name(written: str) -> str:
    """The name without surrounding space. Raises NameUnusable."""
    name = " ".join(written.split())
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable():
        raise NameUnusable(name=name[:NAME_LIMIT])
    return name
