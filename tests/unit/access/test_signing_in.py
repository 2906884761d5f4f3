import re
from datetime import timedelta

import pytest

from responder.access.model import LinkSpent, Role
from responder.access.service import LINK_LIFETIME, SESSION_LIFETIME, Access
from responder.adapters.system import SystemIds
from responder.testing.access import MemoryAccessStore
from responder.testing.ledger import MovedClock


class Door:
    """Access over a store in memory, and a clock that a test moves."""

    def __init__(self) -> None:
        self.clock = MovedClock()
        self.store = MemoryAccessStore()
        self.access = Access(store=self.store, clock=self.clock, ids=SystemIds(self.clock))


@pytest.fixture
def door() -> Door:
    return Door()


async def test_a_link_opens_a_session_once(door: Door) -> None:
    ana = await door.access.add("Ana", Role.ADMIN)
    link = await door.access.link(ana)
    person, secret = await door.access.sign_in(link, agent="Firefox")
    assert person == ana
    found = await door.access.recognise(secret)
    assert found is not None
    assert found.person == ana
    with pytest.raises(LinkSpent):
        await door.access.sign_in(link, agent="Firefox")


async def test_a_preview_of_a_link_spends_nothing(door: Door) -> None:
    ana = await door.access.add("Ana", Role.ADMIN)
    link = await door.access.link(ana)
    assert await door.access.greet(link) == ana
    assert (await door.access.sign_in(link, agent=""))[0] == ana
    with pytest.raises(LinkSpent):
        await door.access.greet(link)


async def test_a_link_ends_after_its_lifetime(door: Door) -> None:
    link = await door.access.link(await door.access.add("Ana", Role.ADMIN))
    door.clock.forward(LINK_LIFETIME.total_seconds())
    with pytest.raises(LinkSpent):
        await door.access.sign_in(link, agent="")


async def test_a_session_ends_after_its_lifetime(door: Door) -> None:
    ana = await door.access.add("Ana", Role.ADMIN)
    _, secret = await door.access.sign_in(await door.access.link(ana), agent="")
    door.clock.forward(SESSION_LIFETIME.total_seconds())
    assert await door.access.recognise(secret) is None


async def test_an_ended_session_opens_nothing(door: Door) -> None:
    ana = await door.access.add("Ana", Role.ADMIN)
    _, secret = await door.access.sign_in(await door.access.link(ana), agent="")
    (session,) = await door.access.sessions_of(ana)
    await door.access.end(session.id, person=ana)
    assert await door.access.recognise(secret) is None


async def test_no_secret_is_stored_and_no_two_are_alike(door: Door) -> None:
    ana = await door.access.add("Ana", Role.ADMIN)
    links = [await door.access.link(ana) for _ in range(20)]
    _, secret = await door.access.sign_in(links[0], agent="")
    kept = repr(door.store)
    assert len({*links, secret}) == 21
    assert not [each for each in (*links, secret) if each in kept]
    assert all(re.fullmatch(r"[\w-]{43}", each) for each in links)


async def test_being_seen_is_written_once_a_minute(door: Door) -> None:
    ana = await door.access.add("Ana", Role.ADMIN)
    _, secret = await door.access.sign_in(await door.access.link(ana), agent="")
    signed_in_at = door.clock.now()
    door.clock.forward(59)
    await door.access.recognise(secret)
    (before,) = await door.access.sessions_of(ana)
    door.clock.forward(1)
    await door.access.recognise(secret)
    (after,) = await door.access.sessions_of(ana)
    assert before.seen_at == signed_in_at
    assert after.seen_at == signed_in_at + timedelta(seconds=60)


async def test_a_browsers_name_is_cut_where_it_boasts(door: Door) -> None:
    ana = await door.access.add("Ana", Role.ADMIN)
    await door.access.sign_in(await door.access.link(ana), agent="x" * 10_000)
    (session,) = await door.access.sessions_of(ana)
    assert len(session.agent) == 200
