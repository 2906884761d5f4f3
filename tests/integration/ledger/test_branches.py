"""Reading a comment's surroundings alone shows the same as reading its whole thread."""

from datetime import timedelta
from random import Random

from sqlalchemy import text

from responder.adapters.postgres.branches import IS_ALONE, surroundings
from responder.adapters.postgres.recordset import insert_rows
from responder.adapters.postgres.rows import comment_values
from responder.engagement.context import relevant
from responder.engagement.model import Author, Comment, SourceId
from responder.testing.factories import NOON
from responder.testing.ledger import Bench

GARDEN = SourceId("garden")
PEOPLE = ("ann", "bob", "cleo", "us")


def thread(seed: int, name: str, size: int = 14) -> list[Comment]:
    """Any shape: parents that nobody has seen, parents of themselves, circles, other threads."""
    chance = Random(seed)  # noqa: S311 - repeatable, no secret
    ids = [f"{name}{number}" for number in range(size)]
    anything = [None, None, "unseen", *ids, "t0-1", "t1-1"]
    comments = []
    for number, comment_id in enumerate(ids):
        author = chance.choice(PEOPLE)
        is_own = author == "us"
        comments.append(
            Comment(
                source=GARDEN,
                comment_id=comment_id,
                thread_id=name,
                parent_id=chance.choice(anything),
                root_id=comment_id,
                author=Author(id=author, name=author.title()),
                text="…",
                published_at=NOON + timedelta(minutes=number),
                revision=1,
                is_own=is_own,
                is_deleted=chance.random() < 0.1,
                answers=chance.choice(anything) if is_own else None,
            )
        )
    return comments


async def store(bench: Bench, comments: list[Comment]) -> None:
    async with bench.engine.begin() as connection:
        people = [{"source": GARDEN, "author_id": each, "name": each.title()} for each in PEOPLE]
        await insert_rows(connection, "author", people, conflict="ON CONFLICT DO NOTHING")
        for name in {each.thread_id for each in comments}:
            key = {"key": f"{GARDEN}/{name}", "source": GARDEN, "thread_id": name}
            await insert_rows(connection, "thread", [key])
        rows = [comment_values(each, version="v", edited_at=None) for each in comments]
        answers = [
            row | {"answers": each.answers} for row, each in zip(rows, comments, strict=True)
        ]
        await insert_rows(connection, "comment", answers)


async def test_the_surroundings_hold_all_that_is_relevant(bench: Bench) -> None:
    threads = [thread(seed, f"t{seed}-") for seed in range(40)]
    everything = [comment for whole in threads for comment in whole]
    await store(bench, everything)
    async with bench.engine.connect() as connection:
        found = await surroundings(connection, everything)
    for whole in threads:
        for comment in whole:
            near = found[comment.source, comment.comment_id]
            assert relevant(comment, near) == relevant(comment, whole)
            assert {each.thread_id for each in near} == {comment.thread_id}


async def test_who_is_alone_has_no_surroundings(bench: Bench) -> None:
    everything = [comment for seed in range(40) for comment in thread(seed, f"t{seed}-", size=6)]
    await store(bench, everything)
    async with bench.engine.connect() as connection:
        found = await surroundings(connection, everything)
        rows = await connection.execute(
            text(f"SELECT c.source, c.comment_id FROM comment c WHERE {IS_ALONE}")  # noqa: S608
        )
        alone = [(row.source, row.comment_id) for row in rows]
    assert alone
    for source, comment_id in alone:
        assert [each.comment_id for each in found[source, comment_id]] == [comment_id]


async def test_of_a_viral_post_only_what_matters_is_read(bench: Bench) -> None:
    strangers = [
        Comment(
            source=GARDEN,
            comment_id=f"s{number}",
            thread_id="post",
            parent_id=None,
            root_id=f"s{number}",
            author=Author(id="bob", name="Bob"),
            text="…",
            published_at=NOON,
            revision=1,
            is_own=False,
        )
        for number in range(500)
    ]
    ann = Comment(
        source=GARDEN,
        comment_id="mine",
        thread_id="post",
        parent_id="s7",
        root_id="s7",
        author=Author(id="ann", name="Ann"),
        text="…",
        published_at=NOON,
        revision=1,
        is_own=False,
    )
    await store(bench, [*strangers, ann])
    async with bench.engine.connect() as connection:
        found = await surroundings(connection, [ann])
    assert {each.comment_id for each in found[GARDEN, "mine"]} == {"s7", "mine"}


async def test_nothing_asked_is_nothing_found(bench: Bench) -> None:
    async with bench.engine.connect() as connection:
        assert await surroundings(connection, []) == {}
