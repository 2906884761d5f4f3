"""The contract of `responder.access.ports.AccessStore`: one suite for PostgreSQL and for memory."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from responder.access.model import (
    NameTaken,
    Person,
    Preferences,
    Role,
    Session,
    Shortcuts,
    Theme,
)
from responder.access.ports import AccessStore
from responder.engagement.errors import NotFound
from responder.engagement.model import PersonId
from responder.testing.factories import NOON

ANA = Person(id=PersonId(UUID(int=1)), name="Ana", role=Role.ADMIN)
BEA = Person(id=PersonId(UUID(int=2)), name="bea", role=Role.REVIEWER)
LATER = NOON + timedelta(minutes=15)
SECRET = b"s" * 32
OTHER = b"o" * 32


def session(number: int = 1, *, seen_at: datetime = NOON) -> Session:
    """A session that works until `LATER`."""
    return Session(
        id=UUID(int=number), agent="Firefox", created_at=NOON, seen_at=seen_at, expires_at=LATER
    )


class AccessStoreContract:
    """Subclass it, and give a `store` fixture: an empty one."""

    async def test_a_person_is_found_by_name_whatever_its_case(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        assert await store.named("aNA") == ANA
        assert await store.person(ANA.id) == ANA

    async def test_two_people_cannot_share_a_name(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        with pytest.raises(NameTaken):
            await store.add(Person(id=BEA.id, name="ANA", role=Role.VIEWER), at=NOON)
        assert await store.everybody() == [ANA]

    async def test_who_is_not_there_is_not_found(self, store: AccessStore) -> None:
        with pytest.raises(NotFound):
            await store.named("nobody")
        with pytest.raises(NotFound):
            await store.person(ANA.id)

    async def test_everybody_comes_by_name(self, store: AccessStore) -> None:
        await store.add(BEA, at=NOON)
        await store.add(ANA, at=NOON)
        assert await store.everybody() == [ANA, BEA]

    async def test_preferences_stay(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        wanted = Preferences(undo_seconds=0, shortcuts=Shortcuts.ALT, theme=Theme.DARK)
        await store.prefer(ANA.id, wanted)
        assert (await store.person(ANA.id)).preferences == wanted

    async def test_a_session_names_its_person_until_it_expires(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        await store.open_session(session(), person=ANA.id, digest=SECRET)
        found = await store.signed_in(SECRET, now=NOON)
        assert found is not None
        assert (found.person, found.session) == (ANA, session())
        assert await store.signed_in(SECRET, now=LATER) is None
        assert await store.signed_in(OTHER, now=NOON) is None

    async def test_a_session_remembers_when_it_was_last_seen(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        await store.open_session(session(), person=ANA.id, digest=SECRET)
        moment = NOON + timedelta(minutes=3)
        await store.seen(session().id, now=moment)
        assert await store.sessions_of(ANA.id, now=NOON) == [session(seen_at=moment)]

    async def test_ones_own_sessions_come_last_seen_first(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        await store.add(BEA, at=NOON)
        newest = session(2, seen_at=NOON + timedelta(minutes=1))
        await store.open_session(session(1), person=ANA.id, digest=SECRET)
        await store.open_session(newest, person=ANA.id, digest=OTHER)
        await store.open_session(session(3), person=BEA.id, digest=b"b" * 32)
        assert await store.sessions_of(ANA.id, now=NOON) == [newest, session(1)]
        assert await store.sessions_of(ANA.id, now=LATER) == []

    async def test_nobody_ends_the_session_of_another(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        await store.add(BEA, at=NOON)
        await store.open_session(session(), person=ANA.id, digest=SECRET)
        await store.end_session(session().id, person=BEA.id)
        assert await store.signed_in(SECRET, now=NOON) is not None
        await store.end_session(session().id, person=ANA.id)
        assert await store.signed_in(SECRET, now=NOON) is None

    async def test_a_new_role_ends_every_session_of_the_person(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        await store.add(BEA, at=NOON)
        await store.open_session(session(1), person=BEA.id, digest=SECRET)
        await store.open_session(session(2), person=ANA.id, digest=OTHER)
        await store.give_role(BEA.id, Role.APPROVER)
        assert await store.signed_in(SECRET, now=NOON) is None
        assert await store.signed_in(OTHER, now=NOON) is not None
        assert (await store.person(BEA.id)).role is Role.APPROVER

    async def test_looking_at_a_link_does_not_spend_it(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        await store.offer(SECRET, person=ANA.id, now=NOON, expires_at=LATER)
        assert await store.offered_to(SECRET, now=NOON) == ANA
        assert await store.offered_to(SECRET, now=NOON) == ANA
        assert await store.spend(SECRET, now=NOON) == ANA

    async def test_of_many_who_spend_a_link_one_gets_in(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        await store.offer(SECRET, person=ANA.id, now=NOON, expires_at=LATER)
        got_in = await asyncio.gather(*(store.spend(SECRET, now=NOON) for _ in range(5)))
        assert [person for person in got_in if person] == [ANA]

    async def test_an_old_link_opens_nothing(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        await store.offer(SECRET, person=ANA.id, now=NOON, expires_at=LATER)
        assert await store.offered_to(SECRET, now=LATER) is None
        assert await store.spend(SECRET, now=LATER) is None

    async def test_a_new_link_leaves_those_that_still_work(self, store: AccessStore) -> None:
        await store.add(ANA, at=NOON)
        await store.offer(SECRET, person=ANA.id, now=NOON, expires_at=LATER)
        await store.offer(OTHER, person=ANA.id, now=NOON, expires_at=LATER)
        assert await store.offered_to(SECRET, now=NOON) == ANA
        assert await store.offered_to(OTHER, now=NOON) == ANA
