"""What signing in asks of its store. Secrets never reach it: only their SHA-256 does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from responder.access.model import Person, Preferences, Role, Session
from responder.engagement.model import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Whose request this is."""

    person: Person
    session: Session


class People(Protocol):
    async def add(self, person: Person, *, at: datetime) -> None:
        """Raises NameTaken; names differ in more than case."""

    async def named(self, name: str) -> Person:
        """Case does not matter. Raises NotFound."""

    async def person(self, person_id: PersonId) -> Person:
        """Raises NotFound."""

    async def everybody(self) -> Sequence[Person]:
        """By name."""

    async def prefer(self, person_id: PersonId, preferences: Preferences) -> None: ...

    async def give_role(self, person_id: PersonId, role: Role) -> None:
        """Also ends the person's sessions, in the same transaction."""


class Sessions(Protocol):
    async def open_session(self, session: Session, *, person: PersonId, digest: bytes) -> None: ...

    async def signed_in(self, digest: bytes, *, now: datetime) -> SignedIn | None:
        """Whose session it is, or None when it is over or was never there."""

    async def seen(self, session_id: UUID, *, now: datetime) -> None: ...

    async def sessions_of(self, person_id: PersonId, *, now: datetime) -> Sequence[Session]:
        """Those that still work, last seen first."""

    async def end_session(self, session_id: UUID, *, person: PersonId) -> None:
        """Nothing happens when it is over already, or is somebody else's."""


class SignInLinks(Protocol):
    async def offer(
        self, digest: bytes, *, person: PersonId, now: datetime, expires_at: datetime
    ) -> None:
        """Keep a new link; forget those that no longer work."""

    async def offered_to(self, digest: bytes, *, now: datetime) -> Person | None:
        """For whom it is, while it works. Spends nothing."""

    async def spend(self, digest: bytes, *, now: datetime) -> Person | None:
        """Use it up, and say for whom it was. Of any number of callers exactly one gets a name."""


class AccessStore(People, Sessions, SignInLinks, Protocol):
    """All three, which live together."""
