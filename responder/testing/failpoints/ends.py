"""What must hold once everything has come to rest, whoever ended where: by id, in every store."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.audit import PostgresAuditor
from responder.engagement.lifecycle import ENDS, State
from responder.stream.log import Partition, Record
from responder.testing.failpoints.world import GROUPS, World

_DONE = {
    "triage": "SELECT event_id FROM inbox WHERE consumer = 'triage' AND state = 'done'",
    "drafting": "SELECT event_id FROM inbox WHERE consumer = 'drafting' AND state = 'done'",
    "delivery": """
        SELECT o.event_id FROM outbox o JOIN delivery_job j
          ON CAST(j.reply_id AS text) = convert_from(o.payload, 'UTF8')::jsonb ->> 'reply_id'
        WHERE o.topic = 'reply.approved'
        """,
    "audit": "SELECT event_id FROM received_id",
}
"""The events of which the ledger has what each group makes of them."""


class Wrong(NamedTuple):
    """Something that is not as it was promised."""

    comment_id: str
    """Whose; empty where it is nobody's alone."""
    what: str


async def wrong_at_rest(world: World) -> list[Wrong]:
    """Everything that does not hold when nothing is left to do."""
    async with world.engine.connect() as connection:
        found = [
            *await _ends(connection, world),
            *await _drafts(connection),
            *await _posts(connection, world),
            *await _entries(connection),
            *await _unpublished(connection, world),
            *await _offsets_ahead(connection, world),
            *await _left_open(connection),
        ]
    findings = await PostgresAuditor(world.engine, settling_seconds=0).audit()
    return found if findings.holds else [*found, Wrong("", f"the audit finds {findings}")]


async def wrong_after_an_end(world: World) -> list[Wrong]:
    """What may not be at any moment, whatever is still to be done."""
    async with world.engine.connect() as connection:
        return [
            *await _offsets_ahead(connection, world),
            *await _posted_without_an_attempt(connection, world),
        ]


async def _rows(connection: AsyncConnection, statement: str) -> Sequence[Any]:
    return (await connection.execute(text(statement))).all()


async def _ends(connection: AsyncConnection, world: World) -> list[Wrong]:
    """I1: whatever was acknowledged has one engagement, and that has one end."""
    rows = await _rows(
        connection,
        """
        SELECT e.comment_id, e.state, count(o.id) AS told FROM engagement e
        LEFT JOIN outbox o ON o.topic = 'engagement.closed'
          AND convert_from(o.payload, 'UTF8')::jsonb ->> 'engagement_id' = CAST(e.id AS text)
        GROUP BY e.id
        """,
    )
    accepted = Counter(row.comment_id for row in rows)
    pushed = set(world.acknowledged)
    return [
        *(Wrong(each, "it was acknowledged and is lost") for each in pushed - accepted.keys()),
        *(Wrong(each, "it was never pushed") for each in accepted.keys() - pushed),
        *(Wrong(each, f"it was accepted {n} times") for each, n in accepted.items() if n > 1),
        *(
            Wrong(row.comment_id, f"it is still {row.state}")
            for row in rows
            if State(row.state) not in ENDS
        ),
        *(Wrong(row.comment_id, f"it has {row.told} ends") for row in rows if row.told != 1),
    ]


async def _drafts(connection: AsyncConnection) -> list[Wrong]:
    """One version for the one event that asked for it."""
    rows = await _rows(
        connection,
        """
        SELECT e.comment_id, count(d.version) AS drafts FROM engagement e
        LEFT JOIN draft_version d ON d.engagement_id = e.id GROUP BY e.id
        """,
    )
    return [Wrong(row.comment_id, f"it has {row.drafts} drafts") for row in rows if row.drafts != 1]


async def _posts(connection: AsyncConnection, world: World) -> list[Wrong]:
    """I3 and I5: at the place stands one reply for each that was approved, to the letter."""
    rows = await _rows(
        connection,
        """
        SELECT e.comment_id, d.text_sha256 FROM decision d
        JOIN engagement e ON e.id = d.engagement_id
        WHERE d.kind = 'reply' AND d.status = 'released'
        """,
    )
    approved = Counter((row.comment_id, row.text_sha256) for row in rows)
    stand = Counter(
        (comment_id, hashlib.sha256(reply.text.encode()).hexdigest())
        for comment_id, reply in world.place.replies
    )
    return [
        Wrong(
            comment_id, f"{stand[comment_id, words]} stand, {approved[comment_id, words]} approved"
        )
        for comment_id, words in approved.keys() | stand.keys()
        if not stand[comment_id, words] == approved[comment_id, words] == 1
    ]


async def _posted_without_an_attempt(connection: AsyncConnection, world: World) -> list[Wrong]:
    """Whatever stands there was recorded before it was made."""
    rows = await _rows(
        connection,
        """
        SELECT DISTINCT e.comment_id FROM delivery_attempt a
        JOIN decision d ON d.id = a.reply_id JOIN engagement e ON e.id = d.engagement_id
        """,
    )
    attempted = {row.comment_id for row in rows}
    stand = {comment_id for comment_id, _ in world.place.replies}
    return [Wrong(each, "a reply stands without an attempt") for each in stand - attempted]


async def _entries(connection: AsyncConnection) -> list[Wrong]:
    """I6: the entries of each engagement are a walk without gap or repeat, up to its state."""
    rows = await _rows(
        connection,
        """
        SELECT e.comment_id, e.state, array_agg(a.from_state ORDER BY a.number) AS came,
          array_agg(a.to_state ORDER BY a.number) AS went
        FROM engagement e JOIN audit_chain a ON a.engagement_id = e.id
        WHERE a.to_state > '' GROUP BY e.id
        """,
    )
    return [
        Wrong(row.comment_id, f"its entries go from {row.came} to {row.went}")
        for row in rows
        if row.went[-1] != row.state or row.went[:-1] != row.came[1:]
    ]


async def _unpublished(connection: AsyncConnection, world: World) -> list[Wrong]:
    """What was left in the outbox stands in the log, of each key in its order."""
    rows = await _rows(connection, "SELECT topic, key, event_id, payload FROM outbox ORDER BY id")
    due: dict[tuple[str, bytes], list[str]] = defaultdict(list)
    of: dict[str, str] = {}
    for row in rows:
        due[row.topic, bytes(row.key)].append(row.event_id)
        of[row.event_id] = json.loads(row.payload)["comment_id"]
    sent = {lane: _first(world, *lane) for lane in due}
    return [
        Wrong(of[ids[0]], f"of {topic} {len(ids)} were due, and {len(sent[topic, key])} came")
        for (topic, key), ids in due.items()
        if [each for each in sent[topic, key] if each in of] != ids
    ]


def _first(world: World, topic: str, key: bytes) -> list[str]:
    """The ids of a lane in the order in which they first came."""
    records = world.log.records[Partition(topic, 0)]
    return list(dict.fromkeys(_id(record) for record in records if record.key == key))


def _id(record: Record) -> str:
    return dict(record.headers)["ce_id"].decode()


async def _offsets_ahead(connection: AsyncConnection, world: World) -> list[Wrong]:
    """I8: nothing stands below a committed offset of which the ledger does not know."""
    wrong: list[Wrong] = []
    for group, topic in GROUPS.items():
        records = world.log.records[Partition(topic, 0)]
        committed = world.log.committed(group, Partition(topic, 0)) or 0
        known = {row.event_id for row in await _rows(connection, _DONE[group])}
        wrong += _unknown(records[:committed], known, f"{group} has committed past it")
    return wrong


def _unknown(records: Iterable[Record], known: set[str], what: str) -> list[Wrong]:
    return [
        Wrong(json.loads(record.value)["comment_id"], what)
        for record in records
        if _id(record) not in known
    ]


async def _left_open(connection: AsyncConnection) -> list[Wrong]:
    """No attempt in doubt, no claim, no record that was given up.

    What was repeated under its key is in doubt no more when the repeat was made.
    """
    rows = await _rows(
        connection,
        """
        SELECT e.comment_id, 'an attempt without an outcome' AS what FROM delivery_attempt a
          JOIN decision d ON d.id = a.reply_id JOIN engagement e ON e.id = d.engagement_id
          WHERE (a.outcome IS NULL OR a.outcome = 'unknown') AND NOT EXISTS (
            SELECT FROM delivery_attempt s
            WHERE s.idempotency_key = a.idempotency_key AND s.outcome = 'sent')
        UNION ALL SELECT '', 'a claim of ' || event_id FROM inbox WHERE state = 'claimed'
        UNION ALL SELECT '', 'a dead letter: ' || why FROM dead_letter
        """,
    )
    return [Wrong(row.comment_id, f"{row.what} is left") for row in rows]
