"""How the log cuts its records into batches is chance; the ledger must not show it."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from responder.engagement.events import EngagementReceived
from responder.testing.factories import NOON, comment
from responder.testing.ledger import Bench, migrated, open_bench
from responder.testing.postgres import TestServer

TEXTS = (
    "Does the planner also work offline?",
    "The export lost half of my garden, please fix it.",
    "Thank you, that helped!",
    "RT @arbor Pruning in autumn https://arbor.example/pruning",
    "Ich finde den Export seit gestern nicht mehr.",
    "cheap loans",
)
NAMES = (None, "ann", "bea")


def history(seed: int) -> list[EngagementReceived]:
    """Creations, edits and deletions of few comments by few people, in any order."""
    chance = Random(seed)  # noqa: S311 - repeatable, no secret
    events = []
    for number in range(40):
        name = chance.choice(NAMES)
        kind = chance.choice(("created", "created", "edited", "deleted"))
        author = {"id": name or "c", "name": f"Name {chance.randrange(3)}"}
        if name is not None and chance.random() < 0.5:
            author["url"] = f"https://{name}.example/{number}"
        events.append(
            comment(
                f"c{chance.randrange(8)}",
                chance.choice(TEXTS),
                kind=kind,
                author=author,
                thread_id=f"t{chance.randrange(3)}",
                edited_at=NOON + timedelta(seconds=number) if kind == "edited" else None,
            )
        )
    return events


async def shown(bench: Bench) -> dict[str, list[tuple[Any, ...]]]:
    """What the ledger holds, without the ids that differ from run to run."""
    questions = {
        "comments": "SELECT comment_id, thread_key, text, revision, version, is_deleted, author_id,"
        " author_name FROM comment ORDER BY 1",
        "authors": "SELECT author_id, name, handle, url FROM author ORDER BY 1",
        "engagements": "SELECT comment_id, state, intent, dismissal, queue, due_at, due_outcome,"
        " ended_at, edited_after_answer FROM engagement ORDER BY 1",
        "entries": "SELECT comment_id, act, actor, from_state, to_state, reason, data::text"
        " FROM audit_entry JOIN engagement e ON e.id = engagement_id ORDER BY 1, audit_entry.id",
        "events": "SELECT convert_from(key, 'UTF8'), topic, headers::text LIKE '%subject%'"
        " FROM outbox ORDER BY 1, id",
        "due": "SELECT comment_id, period, outcome FROM due_settled"
        " JOIN engagement e ON e.id = engagement_id ORDER BY 1, 2",
    }
    async with bench.engine.connect() as connection:
        return {
            name: [tuple(row) for row in await connection.execute(text(question))]
            for name, question in questions.items()
        }


async def taken(server: TestServer, events: list[EngagementReceived], size: int) -> object:
    database = await server.fresh(await server.template("ledger", migrated))
    async with open_bench(database) as bench:
        for start in range(0, len(events), size):
            await bench.arrives(*events[start : start + size])
        await bench.audited()
        found = await shown(bench)
    await server.drop(database)
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_a_history_means_the_same_however_it_is_cut(
    postgres_server: TestServer, seed: int
) -> None:
    events = history(seed)
    one_by_one = await taken(postgres_server, events, 1)
    assert await taken(postgres_server, events, 7) == one_by_one
    assert await taken(postgres_server, events, len(events)) == one_by_one
