"""People, sessions and sign-in links in memory, for tests of what stands above their store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from responder.access.model import NameTaken, Person, Preferences, Role, Session
from responder.access.ports import SignedIn
from responder.engagement.errors import NotFound
from responder.engagement.model import PersonId


@dataclass
class MemoryAccessStore:
    """Implements `responder.access.ports.AccessStore`."""

    people: dict[PersonId, Person] = field(default_factory=dict)
    sessions: dict[bytes, tuple[PersonId, Session]] = field(default_factory=dict)
    links: dict[bytes, tuple[PersonId, datetime]] = field(default_factory=dict)

    async def add(self, person: Person, *, at: datetime) -> None:  # noqa: ARG002 - kept by others
        if any(each.name.lower() == person.name.lower() for each in self.people.values()):
            raise NameTaken(name=person.name)
        self.people[person.id] = person

    async def named(self, name: str) -> Person:
        for person in self.people.values():
            if person.name.lower() == name.lower():
                return person
        raise NotFound(what="person", name=name)

    async def person(self, person_id: PersonId) -> Person:
        try:
            return self.people[person_id]
        except KeyError:
            raise NotFound(what="person", name=str(person_id)) from None

    async def everybody(self) -> Sequence[Person]:
        return sorted(self.people.values(), key=lambda person: person.name.lower())

    async def prefer(self, person_id: PersonId, preferences: Preferences) -> None:
        self.people[person_id] = replace(self.people[person_id], preferences=preferences)

    async def give_role(self, person_id: PersonId, role: Role) -> None:
        self.people[person_id] = replace(self.people[person_id], role=role)
        self._keep(lambda owner, _: owner != person_id)

    async def open_session(self, session: Session, *, person: PersonId, digest: bytes) -> None:
        self.sessions[digest] = (person, session)

    async def signed_in(self, digest: bytes, *, now: datetime) -> SignedIn | None:
        person_id, session = self.sessions.get(digest, (None, None))
        if person_id is None or session is None or session.expires_at <= now:
            return None
        return SignedIn(person=self.people[person_id], session=session)

    async def seen(self, session_id: UUID, *, now: datetime) -> None:
        for digest, (person_id, session) in self.sessions.items():
            if session.id == session_id:
                self.sessions[digest] = (person_id, replace(session, seen_at=now))

    async def sessions_of(self, person_id: PersonId, *, now: datetime) -> Sequence[Session]:
        own = [session for owner, session in self.sessions.values() if owner == person_id]
        working = [session for session in own if session.expires_at > now]
        return sorted(working, key=lambda session: session.seen_at, reverse=True)

    async def end_session(self, session_id: UUID, *, person: PersonId) -> None:
        self._keep(lambda owner, session: owner != person or session.id != session_id)

    async def offer(
        self, digest: bytes, *, person: PersonId, now: datetime, expires_at: datetime
    ) -> None:
        self.links = {key: link for key, link in self.links.items() if link[1] > now}
        self.links[digest] = (person, expires_at)

    async def offered_to(self, digest: bytes, *, now: datetime) -> Person | None:
        person_id, expires_at = self.links.get(digest, (None, now))
        return self.people[person_id] if person_id is not None and expires_at > now else None

    async def spend(self, digest: bytes, *, now: datetime) -> Person | None:
        person = await self.offered_to(digest, now=now)
        self.links.pop(digest, None)
        return person

    def _keep(self, wanted: "Wanted") -> None:
        self.sessions = {
            digest: (owner, session)
            for digest, (owner, session) in self.sessions.items()
            if wanted(owner, session)
        }


Wanted = Callable[[PersonId, Session], bool]
