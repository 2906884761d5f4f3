"""The delivering process killed before, during and after the call. Isso happily stores duplicates.

Each kill finds the process at a point where something holds it: the ledger, which takes no word of
attempts for a while, or the proxy in front of Isso. What was held is checked before the kill.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from responder.app.database import folder_engine
from responder.testing.caller import Caller, calling
from responder.testing.faulty_proxy import Fault, FaultyProxy
from responder.testing.isso import IssoServer, Told
from responder.testing.running import Running, eventually, installation
from tests.e2e.isso.kit import source


@dataclass(frozen=True, slots=True)
class Scene:
    isso: IssoServer
    proxy: FaultyProxy
    running: Running
    caller: Caller
    asked: Mapping[str, Told]
    """The comment of each moment."""

    async def approved(self, moment: str) -> None:
        """A reply to the comment of this moment is given to send."""
        arrived = await self.caller.arrived(question(moment))
        told = await self.caller.approve(arrived, answer(moment))
        assert told.status == 200, told.body

    def made(self, moment: str) -> list[str]:
        """The replies of this moment that stand at Isso."""
        return self.isso.texts(self.asked[moment].id)

    async def attempts(self, moment: str) -> list[str]:
        """What the ledger holds of each attempt at it; `open` while it knows nothing."""
        rows = await self.running.sql(
            """
            SELECT COALESCE(a.outcome, 'open') FROM delivery_attempt a
            JOIN decision d ON d.id = a.reply_id WHERE d.text = :text ORDER BY a.attempt
            """,
            text=answer(moment),
        )
        return [row[0] for row in rows]

    async def a_minute_passes(self) -> None:
        """As far as leases and open attempts go: nobody is in the middle of them any more."""
        await self.running.sql(
            """
            UPDATE delivery_job SET next_at = next_at - interval '1 minute',
              leased_until = leased_until - interval '1 minute' WHERE next_at IS NOT NULL
            """
        )
        await self.running.sql(
            """
            UPDATE delivery_attempt SET started_at = started_at - interval '1 minute'
            WHERE outcome IS NULL
            """
        )


def question(moment: str) -> str:
    return f"Who is there {moment} the storm?"


def answer(moment: str) -> str:
    return f"All of us, {moment} it too."


@asynccontextmanager
async def no_word_of_attempts(running: Running) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """The ledger records nothing about attempts; gives a question: does somebody wait to?"""
    async with folder_engine(running.data) as engine, engine.connect() as connection:
        await connection.execute(text("LOCK TABLE delivery_attempt IN SHARE MODE"))

        async def is_waited_for() -> bool:
            waiting = await connection.execute(
                text("""
                    SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'
                      AND relation = CAST('delivery_attempt' AS regclass)
                    """)
            )
            return bool(waiting.scalar_one())

        yield is_waited_for


async def kill_before_the_request_leaves(scene: Scene, moment: str) -> None:
    posts = scene.proxy.posts
    async with no_word_of_attempts(scene.running) as is_waited_for:
        await scene.approved(moment)
        await eventually(is_waited_for)
        assert (await scene.attempts(moment), scene.proxy.posts) == ([], posts)
        scene.running.kill()
    assert scene.made(moment) == []


async def kill_while_the_request_is_on_its_way(scene: Scene, moment: str) -> None:
    before = scene.proxy.posts

    async def has_left() -> bool:
        return scene.proxy.posts > before

    scene.proxy.then(Fault.HANG_BEFORE)
    await scene.approved(moment)
    await eventually(has_left)
    assert await scene.attempts(moment) == ["open"]
    scene.running.kill()
    scene.proxy.release()
    assert scene.made(moment) == []


async def kill_while_it_is_made_and_not_answered(scene: Scene, moment: str) -> None:
    async def is_made() -> bool:
        return bool(scene.made(moment))

    scene.proxy.then(Fault.HANG_AFTER)
    await scene.approved(moment)
    await eventually(is_made)
    assert await scene.attempts(moment) == ["open"]
    scene.running.kill()
    scene.proxy.release()


async def kill_when_it_is_answered_and_not_settled(scene: Scene, moment: str) -> None:
    async def is_made() -> bool:
        return bool(scene.made(moment))

    scene.proxy.then(Fault.ANSWER_LATE)
    await scene.approved(moment)
    await eventually(is_made)
    async with no_word_of_attempts(scene.running) as is_waited_for:
        assert not await is_waited_for()
        scene.proxy.release()
        await eventually(is_waited_for)
        assert await scene.attempts(moment) == ["open"]
        scene.running.kill()


KILLS = {
    "before": kill_before_the_request_leaves,
    "towards": kill_while_the_request_is_on_its_way,
    "during": kill_while_it_is_made_and_not_answered,
    "after": kill_when_it_is_answered_and_not_settled,
}


@pytest.mark.fault(20)
@pytest.mark.promise(2)
async def test_a_process_killed_around_the_call_posts_exactly_once(tmp_path: Path) -> None:
    with IssoServer(tmp_path, guard=False) as isso:
        async with FaultyProxy(isso.url) as proxy:
            asked = {each: isso.comment(f"/{each}", question(each)) for each in KILLS}
            with installation(source("blog", proxy.url, isso.site)) as running:
                await running.start()
                async with calling(running) as caller:
                    scene = Scene(isso, proxy, running, caller, asked)
                    for moment, kill in KILLS.items():
                        await kill(scene, moment)
                        await running.start()
                        await scene.a_minute_passes()
                        item = await caller.arrived(question(moment), state="answered")
                        assert item.reply_text == answer(moment)
                        assert scene.made(moment) == [answer(moment)]
                    assert [scene.made(each) for each in KILLS] == [
                        [answer(each)] for each in KILLS
                    ]
                verified = await running.command("audit", "verify")
                assert verified.code == 0, verified.said
