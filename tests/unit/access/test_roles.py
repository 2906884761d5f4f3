from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.access.model import (
    Act,
    NameUnusable,
    NotAllowed,
    Person,
    Role,
    can,
    require,
    usable_name,
)
from responder.engagement.model import PersonId


def somebody(role: Role) -> Person:
    return Person(id=PersonId(UUID(int=1)), name="Somebody", role=role)


@pytest.mark.parametrize(
    ("role", "acts"),
    [
        (Role.VIEWER, {Act.READ}),
        (Role.REVIEWER, {Act.READ, Act.DECIDE}),
        (Role.APPROVER, {Act.READ, Act.DECIDE, Act.SEND}),
        (Role.ADMIN, set(Act)),
    ],
)
def test_each_role_may_do_this_and_nothing_else(role: Role, acts: set[Act]) -> None:
    assert {act for act in Act if can(somebody(role), act)} == acts


def test_who_may_not_is_told_which_role_lacks_what() -> None:
    with pytest.raises(NotAllowed, match="Somebody may not send here: the role viewer"):
        require(somebody(Role.VIEWER), Act.SEND)


@pytest.mark.parametrize("written", ["", "   ", "x" * 65, "a\u202eb", "a\x00b"])
def test_a_name_that_nobody_could_read_is_refused(written: str) -> None:
    with pytest.raises(NameUnusable):
        usable_name(written)


@given(st.text(max_size=80))
def test_a_usable_name_stays_as_it_is_when_asked_again(written: str) -> None:
    try:
        name = usable_name(written)
    except NameUnusable:
        return
    assert usable_name(name) == name
