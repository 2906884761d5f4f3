"""The whole process killed with -9 before every request to PostgreSQL, and after those with an effect.

Which there are is seen in one comment's life that nothing befalls, with all that the process does
beside it. Each kill finds what the ones before have left; at the end every comment is answered, once.
"""

from pathlib import Path
from typing import TypeAlias

import pytest

from responder.adapters.postgres.dsn import Dsn
from responder.testing.failpoints.gate import Moment
from responder.testing.failpoints.killing import Killable, answer_to, killable
from responder.testing.failpoints.trap import Spot, exactly
from responder.testing.isso import IssoServer, Told
from tests.e2e.isso.kit import source

SHARES = 6
"""Each a test of its own, so that several may run at once."""
PATIENCE_SECONDS = 60.0
MISSED = 0.1
"""What the first comment brought about need not happen again: so many points may not be met."""

Where: TypeAlias = tuple[Moment, tuple[str, ...]]


def question(number: int) -> str:
    return f"Who was there when it ended for the time {number}?"


async def points(victim: Killable, isso: IssoServer) -> list[Where]:
    """Where a process comes that takes in one comment, and answers it."""
    async with victim.living():
        victim.trap.seen.clear()
        isso.comment("/before", question(0))
        await victim.answered([question(0)])
        found = sorted(victim.trap.seen, key=lambda where: (where[1], where[0].value))
    await victim.kill()
    return found


async def is_killed_at(victim: Killable, where: Where) -> bool:
    """Whether it came there."""
    moment, whole = where
    try:
        await victim.killed_at(Spot(moment, exactly(whole)), within=PATIENCE_SECONDS)
    except TimeoutError:
        return False
    return True


@pytest.mark.chaos
@pytest.mark.fault(20, 43)
@pytest.mark.parametrize("share", range(SHARES))
async def test_a_process_killed_at_every_request_answers_each_comment_once(
    tmp_path: Path, database: Dsn, share: int
) -> None:
    with IssoServer(tmp_path, guard=False) as isso:
        async with killable(source("blog", isso.url, isso.site), database) as victim:
            mine = (await points(victim, isso))[share::SHARES]
            asked: dict[int, Told] = {}
            met = 0
            for number, where in enumerate(mine, start=1):
                asked[number] = isso.comment(f"/{number}", question(number))
                met += await is_killed_at(victim, where)
            async with victim.living():
                await victim.answered(map(question, asked))
            verified = await victim.running.command("audit", "verify")
            assert verified.code == 0, verified.said
            assert await victim.drafts() == {1}
            made = {number: isso.texts(told.id) for number, told in asked.items()}
            assert made == {number: [answer_to(question(number))] for number in asked}
            assert met >= (1 - MISSED) * len(mine)
