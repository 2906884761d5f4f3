"""Signing in without a password: a link that works once, then a session that can be revoked."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from responder.access.model import (
    LinkSpent,
    Person,
    Preferences,
    Role,
    Session,
    usable_name,
)
from responder.access.ports import AccessStore, SignedIn
from responder.engagement.model import PersonId
from responder.engagement.ports import Clock, Ids

LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=14)
SEEN_AGAIN_AFTER = timedelta(minutes=1)
"""How old `seen_at` may get before a request writes it again."""
AGENT_LIMIT = 200


class Access:
    """Who is asking, and how they came in."""

    def __init__(self, *, store: AccessStore, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    async def add(self, name: str, role: Role) -> Person:
        """Raises NameUnusable, NameTaken."""
        person = Person(id=PersonId(self._ids.uuid()), name=usable_name(name), role=role)
        await self._store.add(person, at=self._clock.now())
        return person

    async def named(self, name: str) -> Person:
        """Raises NotFound."""
        return await self._store.named(name)

    async def person(self, person_id: PersonId) -> Person:
        """Raises NotFound."""
        return await self._store.person(person_id)

    async def everybody(self) -> Sequence[Person]:
        return await self._store.everybody()

    async def give_role(self, person: Person, role: Role) -> None:
        """Whoever's rights change signs in again: a stolen session does not gain by it."""
        await self._store.give_role(person.id, role)

    async def link(self, person: Person) -> str:
        """A fresh secret for `/sign-in/{secret}`, good once and for `LINK_LIFETIME`."""
        secret, now = self._secret(), self._clock.now()
        await self._store.offer(
            digest(secret), person=person.id, now=now, expires_at=now + LINK_LIFETIME
        )
        return secret

    async def greet(self, secret: str) -> Person:
        """For whom a link is; looking spends nothing, so a preview does no harm.

        Raises:
            LinkSpent: it does not work any more.
        """
        person = await self._store.offered_to(digest(secret), now=self._clock.now())
        if person is None:
            raise LinkSpent
        return person

    async def sign_in(self, secret: str, *, agent: str) -> tuple[Person, str]:
        """Spend a link; give the person and the secret of a new session.

        Raises:
            LinkSpent: it does not work any more, or somebody else was faster.
        """
        now = self._clock.now()
        person = await self._store.spend(digest(secret), now=now)
        if person is None:
            raise LinkSpent
        session = Session(
            id=self._ids.uuid(),
            agent=agent[:AGENT_LIMIT],
            created_at=now,
            seen_at=now,
            expires_at=now + SESSION_LIFETIME,
        )
        session_secret = self._secret()
        await self._store.open_session(session, person=person.id, digest=digest(session_secret))
        return person, session_secret

    async def recognise(self, session_secret: str) -> SignedIn | None:
        """Whose session this is, or None when it is over."""
        now = self._clock.now()
        found = await self._store.signed_in(digest(session_secret), now=now)
        if found is not None and now - found.session.seen_at >= SEEN_AGAIN_AFTER:
            await self._store.seen(found.session.id, now=now)
        return found

    async def sessions_of(self, person: Person) -> Sequence[Session]:
        return await self._store.sessions_of(person.id, now=self._clock.now())

    async def end(self, session_id: UUID, *, person: Person) -> None:
        """End one of the person's own sessions; nobody else's."""
        await self._store.end_session(session_id, person=person.id)

    async def prefer(self, person: Person, preferences: Preferences) -> None:
        await self._store.prefer(person.id, preferences)

    def _secret(self) -> str:
        return base64.urlsafe_b64encode(self._ids.secret()).rstrip(b"=").decode()


def digest(secret: str) -> bytes:
    """What is stored of a secret that carries 256 bits of chance: no salt or stretching needed."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
