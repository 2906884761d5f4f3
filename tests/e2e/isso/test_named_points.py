"""The whole process killed with -9 at the named points of a comment's way to its draft.

Those around the call to the platform are in `test_isso_kills.py`. Here a wire in front of PostgreSQL
holds the process right before or after a request: the effect's commit, the publishing of what
follows, the mark that it was published, the commit of the offset.

Each kill finds what the ones before have left: at the end every comment is answered, once.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from responder.adapters.postgres.dsn import Dsn
from responder.testing.failpoints.gate import Moment
from responder.testing.failpoints.killing import answer_to, killable
from responder.testing.failpoints.trap import Catches, Spot, asking, commit_of
from responder.testing.isso import IssoServer, Told
from responder.testing.postgres import TestServer
from tests.e2e.isso.kit import source

COMMIT = "UPDATE log_claim c SET committed"
STEPS: Mapping[str, Catches] = {
    "the commit of triage": commit_of("INSERT INTO engagement"),
    "the commit of its offset": asking(COMMIT, "triage", "engagement.received"),
    "the publishing": asking("WITH incoming AS", "engagement.triaged"),
    "the mark": asking("UPDATE outbox SET sent_at"),
    "the commit of a draft": commit_of("INSERT INTO draft_version"),
    "the offset of a draft": asking(COMMIT, "drafting"),
}
PATIENCE_SECONDS = 120.0


def question(step: str) -> str:
    return f"Who was there at {step}?"


@pytest.mark.fault(20, 43)
async def test_a_process_killed_at_every_named_point_answers_each_comment_once(
    tmp_path: Path, postgres_server: TestServer
) -> None:
    """Two installations at once, since most of it is waiting for one that starts."""
    folders = {moment: tmp_path / moment.value for moment in Moment}
    for folder in folders.values():
        folder.mkdir()
    async with asyncio.TaskGroup() as group:
        for moment, folder in folders.items():
            group.create_task(_killed_everywhere(moment, folder, postgres_server))


async def _killed_everywhere(moment: Moment, folder: Path, server: TestServer) -> None:
    database = await server.fresh()
    await _killed_at_each(moment, folder, database)
    await server.drop(database)


async def _killed_at_each(moment: Moment, folder: Path, database: Dsn) -> None:
    with IssoServer(folder, guard=False) as isso:
        async with killable(source("blog", isso.url, isso.site), database) as victim:
            asked: dict[str, Told] = {}
            for step, catches in STEPS.items():
                asked[step] = isso.comment(f"/{len(asked)}", question(step))
                await victim.killed_at(Spot(moment, catches), within=PATIENCE_SECONDS)
            async with victim.living():
                await victim.answered(map(question, STEPS))
            verified = await victim.running.command("audit", "verify")
            assert verified.code == 0, verified.said
            assert await victim.drafts() == {1}
            made = {step: isso.texts(told.id) for step, told in asked.items()}
            assert made == {step: [answer_to(question(step))] for step in STEPS}
