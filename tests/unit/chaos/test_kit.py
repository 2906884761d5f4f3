"""What the rows are checked by can fail: one is missing, one stands there twice."""

import pytest

from tests.chaos.rows.kit import Names, all_stand_once


def standing(*there: str) -> Names:
    async def names() -> list[str]:
        return list(there)

    return names


async def test_what_stands_there_once_is_well_whatever_else_does() -> None:
    await all_stand_once(standing("a", "b", "c"), {"a", "b"}, within=0.0)


async def test_one_that_is_missing_is_named() -> None:
    with pytest.raises(TimeoutError, match="b"):
        await all_stand_once(standing("a"), {"a", "b"}, within=0.0)


async def test_one_that_stands_there_twice_is_found() -> None:
    with pytest.raises(AssertionError):
        await all_stand_once(standing("a", "b", "a"), {"a", "b"}, within=0.0)
