"""The database in memory on which the twin stands: what the contract of the ports takes for granted."""

import asyncio
from collections.abc import Callable

import pytest
from typing_extensions import override

from responder.engagement.errors import Unavailable
from responder.testing.clock import LoopClock, run
from responder.testing.twin.store import (
    LOCK_SECONDS,
    Database,
    Doubled,
    OpenWire,
    Table,
    Transaction,
    Wire,
    committed,
)


class Numbers(Database):
    """Rows that are a number each."""

    def __init__(self, wire: Wire | None = None) -> None:
        super().__init__(LoopClock())
        self.rows: Table[str, int] = Table("numbers")
        self.wire = wire or OpenWire()

    def begin(self) -> Transaction:
        return Transaction(self, self.wire)

    async def put(self, key: str, number: int) -> None:
        async with committed(self.begin(), self.wire) as tx:
            tx.put(self.rows, key, number)


class LosingWire(OpenWire):
    """Every commit's answer gets lost; whether it was made before is its maker's choice."""

    def __init__(self, *, is_made: bool) -> None:
        self._is_made = is_made

    @override
    async def commit(self, apply: Callable[[], None]) -> None:
        if self._is_made:
            apply()
        raise Unavailable(what="the database", why="lost")


def test_nobody_else_sees_what_is_not_committed() -> None:
    async def main() -> None:
        database = Numbers()
        async with committed(database.begin(), database.wire) as tx:
            tx.put(database.rows, "a", 1)
            assert tx.get(database.rows, "a") == 1
            assert database.begin().get(database.rows, "a") is None
        assert list(database.begin().rows(database.rows)) == [1]

    run(main())


def test_a_transaction_sees_what_others_have_committed_meanwhile() -> None:
    async def main() -> None:
        database = Numbers()
        async with committed(database.begin(), database.wire) as tx:
            await database.put("a", 1)
            assert tx.get(database.rows, "a") == 1

    run(main())


@pytest.mark.parametrize("is_made", [True, False])
def test_an_answer_that_is_lost_says_nothing_about_what_was_made(is_made: bool) -> None:  # noqa: FBT001 - what varies
    async def main() -> None:
        database = Numbers(LosingWire(is_made=is_made))
        with pytest.raises(Unavailable):
            await database.put("a", 1)
        assert ("a" in database.rows.rows) is is_made

    run(main())


def test_a_key_stands_once_also_for_two_that_begin_together() -> None:
    async def main() -> None:
        database = Numbers()
        first, second = database.begin(), database.begin()
        first.insert(database.rows, "a", 1)
        second.insert(database.rows, "a", 2)
        first.apply()
        with pytest.raises(Doubled):
            second.apply()
        assert database.rows.rows == {"a": 1}

    run(main())


def test_a_lock_is_held_to_the_end_and_then_goes_to_whoever_came_first() -> None:
    async def main() -> None:
        database, order = Numbers(), []

        async def work(name: str) -> None:
            async with committed(database.begin(), database.wire) as tx:
                await tx.lock("a")
                await asyncio.sleep(1.0)
                order.append(name)

        await asyncio.gather(work("first"), work("second"), work("third"))
        assert order == ["first", "second", "third"]
        assert database.clock.monotonic() == 3.0

    run(main())


def test_who_waits_in_a_circle_is_refused_at_once() -> None:
    async def main() -> None:
        database = Numbers()
        one, other = database.begin(), database.begin()
        await one.lock("a")
        await other.lock("b")
        waiting = asyncio.create_task(one.lock("b"))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await other.lock("a")
        other.end()
        await waiting
        assert database.clock.monotonic() == 0.0

    run(main())


def test_who_has_just_got_a_lock_waits_for_nothing_any_more() -> None:
    async def main() -> None:
        database = Numbers()
        first, second, third = database.begin(), database.begin(), database.begin()
        await first.lock("a")
        await second.lock("b")
        waiting = asyncio.create_task(second.lock("a"))
        await asyncio.sleep(0)
        first.end()  # passed on, and nobody has run since
        another = asyncio.create_task(third.lock("b"))
        await waiting
        second.end()
        await another

    run(main())


def test_a_lock_that_is_held_for_too_long_is_not_waited_for() -> None:
    async def main() -> None:
        database = Numbers()
        await database.begin().lock("a")
        with pytest.raises(Unavailable):
            await database.begin().lock("a")
        assert database.clock.monotonic() == LOCK_SECONDS

    run(main())
