import asyncio
from collections.abc import Sequence

import pytest

from responder.adapters.postgres.together import Together
from responder.engagement.errors import NotFound, Unavailable

BAD = "bad"


class Worker:
    """Doubles what it is asked; each call waits until it is let go."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.calls: list[list[str]] = []
        self.is_away = is_away
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def __call__(self, asked: Sequence[str]) -> list[str | Exception]:
        self.calls.append(list(asked))
        await self.may_go.wait()
        if self.is_away:
            raise Unavailable(what="the database", why="it is down")
        if BAD in asked:
            raise NotFound(what="comment", name=BAD)
        return [each * 2 for each in asked]


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_nobody_waits_for_company() -> None:
    worker = Worker()
    assert await Together(worker, most=10)("a") == "aa"
    assert worker.calls == [["a"]]


async def test_whoever_comes_while_one_works_shares_the_next() -> None:
    worker = Worker()
    together = Together(worker, most=3)
    worker.may_go.clear()
    first = asyncio.create_task(together("a"))
    await settled()
    others = [asyncio.create_task(together(each)) for each in "bcde"]
    await settled()
    worker.may_go.set()
    assert await asyncio.gather(first, *others) == ["aa", "bb", "cc", "dd", "ee"]
    assert worker.calls == [["a"], ["b", "c", "d"], ["e"]]


async def test_who_comes_soon_after_another_waits_for_company() -> None:
    worker = Worker()
    together = Together(worker, most=3, apart_seconds=3600.0)
    assert await together("a") == "aa"
    soon = [asyncio.create_task(together(each)) for each in "bc"]
    await settled()
    assert worker.calls == [["a"]]
    assert not any(each.done() for each in soon)


async def test_who_waits_for_company_does_not_wait_for_ever() -> None:
    worker = Worker()
    together = Together(worker, most=3, apart_seconds=0.01)
    assert [await together(each) for each in "abc"] == ["aa", "bb", "cc"]
    assert worker.calls == [["a"], ["b"], ["c"]]


async def test_one_that_fails_is_the_only_one_that_hears_of_it() -> None:
    worker = Worker()
    answers = await asyncio.gather(
        *map(Together(worker, most=10), ["a", BAD, "b"]), return_exceptions=True
    )
    assert (answers[0], answers[2]) == ("aa", "bb")
    assert isinstance(answers[1], NotFound)


async def test_a_database_that_is_away_is_asked_once_for_all() -> None:
    worker = Worker(is_away=True)
    answers = await asyncio.gather(*map(Together(worker, most=10), "ab"), return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in answers)
    assert worker.calls == [["a", "b"]]


async def test_an_answer_that_is_an_error_is_raised_to_its_caller_alone() -> None:
    async def work(asked: Sequence[str]) -> list[str | Exception]:
        return [NotFound(what="comment", name=each) if each == BAD else each for each in asked]

    together = Together(work, most=10)
    answers = await asyncio.gather(together("a"), together(BAD), return_exceptions=True)
    assert answers[0] == "a"
    assert isinstance(answers[1], NotFound)


async def test_whoever_gave_up_while_waiting_is_left_out() -> None:
    worker = Worker()
    together = Together(worker, most=10)
    worker.may_go.clear()
    first, second, third = (asyncio.create_task(together(each)) for each in "abc")
    await settled()
    assert worker.calls == [["a", "b", "c"]]
    late, later = asyncio.create_task(together("d")), asyncio.create_task(together("e"))
    await settled()
    late.cancel()
    second.cancel()
    worker.may_go.set()
    assert [await first, await third, await later] == ["aa", "cc", "ee"]
    assert worker.calls[1:] == [["e"]]
    with pytest.raises(asyncio.CancelledError):
        await late
