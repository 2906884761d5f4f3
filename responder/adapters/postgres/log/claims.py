"""Who owns which partition, in the database: every statement that shares partitions out.

A claim is a lease on a partition, by the database's clock. Each claim raises the partition's epoch,
so what an earlier owner still tries to do under its own is refused. Every statement here is short,
changes what it changes at once, and may be repeated.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from responder.adapters.postgres.log.session import Connection, Session
from responder.stream.log import Assignment, Partition, Unreachable

GROUPS_CHANNEL = "responder_log_groups"

_KNOW = """
INSERT INTO log_claim (grp, topic, partition)
SELECT $1, topic, partition FROM log_partition WHERE topic = ANY ($2::text[])
ON CONFLICT DO NOTHING
"""

# The claims that are renewed are named: one that could not be handed back must run out.
_RENEW = """
WITH member AS (
    INSERT INTO log_member (grp, member, topics, lease_until)
    VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 second')
    ON CONFLICT (grp, member) DO UPDATE SET lease_until = excluded.lease_until, topics = $3
    RETURNING xmax = 0 AS is_new
), told AS (
    SELECT pg_notify($8, $1) FROM member WHERE is_new
), gone AS (
    DELETE FROM log_member WHERE grp = $1 AND lease_until < clock_timestamp() - interval '1 hour'
), renewed AS (
    UPDATE log_claim c SET lease_until = clock_timestamp() + $4 * interval '1 second'
      FROM unnest($5::text[], $6::int[], $7::bigint[]) AS mine (topic, partition, epoch)
     WHERE c.grp = $1 AND c.owner = $2
       AND (c.topic, c.partition, c.epoch) = (mine.topic, mine.partition, mine.epoch)
    RETURNING c.topic, c.partition, c.epoch
)
SELECT topic, partition, epoch FROM (SELECT count(*) FROM told) AS t (n) LEFT JOIN renewed ON true
"""

_MEMBERS = """
SELECT t.topic,
       (SELECT count(*) FROM log_partition p WHERE p.topic = t.topic)::int AS partitions,
       ARRAY (SELECT m.member FROM log_member m
               WHERE m.grp = $1 AND t.topic = ANY (m.topics) AND m.lease_until > clock_timestamp()
               ORDER BY m.joined_at, m.member) AS members
  FROM unnest($2::text[]) AS t (topic) ORDER BY t.topic
"""

# What is ours by name and not held is from before we lost it, or from an answer that was lost.
_CLAIM = """
UPDATE log_claim SET owner = $2, epoch = epoch + 1,
       lease_until = clock_timestamp() + $3 * interval '1 second'
 WHERE grp = $1 AND topic = $4 AND partition = ANY (ARRAY (
    SELECT partition FROM log_claim
     WHERE grp = $1 AND topic = $4 AND partition <> ALL ($5::int[])
       AND (owner IS NULL OR owner = $2 OR lease_until < clock_timestamp())
     ORDER BY partition LIMIT $6 FOR UPDATE SKIP LOCKED))
RETURNING topic, partition, epoch, committed
"""

_RELEASE = """
WITH released AS (
    UPDATE log_claim c SET owner = NULL, lease_until = NULL
      FROM unnest($3::text[], $4::int[], $5::bigint[]) AS mine (topic, partition, epoch)
     WHERE c.grp = $1 AND c.owner = $2
       AND (c.topic, c.partition, c.epoch) = (mine.topic, mine.partition, mine.epoch)
    RETURNING 1
), left_over AS (
    DELETE FROM log_member WHERE grp = $1 AND member = $2 AND $6
)
SELECT pg_notify($7, $1), (SELECT count(*) FROM released)
"""

# `greatest`, because a commit that was given up may land after a later one.
_COMMIT = """
UPDATE log_claim c SET committed = greatest(c.committed, mine.point)
  FROM unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[])
       AS mine (topic, partition, epoch, point)
 WHERE c.grp = $1 AND c.owner = $2
   AND (c.topic, c.partition, c.epoch) = (mine.topic, mine.partition, mine.epoch)
RETURNING c.topic, c.partition, c.epoch
"""


@dataclass(frozen=True, slots=True)
class Share:
    """How many partitions of a topic a member should own."""

    topic: str
    quota: int


class Claims:
    """One member's statements."""

    def __init__(
        self, session: Session, *, group: str, member: UUID, lease_seconds: float, within: float
    ) -> None:
        """Each statement has `within` seconds; all raise what `Session.call` does."""
        self._session = session
        self._group = group
        self._member = member
        self._lease = lease_seconds
        self._within = within

    async def require(self, topics: Collection[str]) -> None:
        """Raises `Unreachable`, naming it, when a topic has not been made."""
        rows = await self._fetch(
            "SELECT DISTINCT topic FROM log_partition WHERE topic = ANY ($1)", sorted(topics)
        )
        if missing := set(topics) - {row["topic"] for row in rows}:
            raise Unreachable(f"there is no topic {', '.join(sorted(missing))}")

    async def know(self, topics: Collection[str]) -> None:
        """Enter the group's partitions where it never read the topic before."""
        await self._fetch(_KNOW, self._group, sorted(topics))

    async def renew(self, topics: Collection[str], mine: Collection[Assignment]) -> set[Assignment]:
        """Stay, or become, a member with these claims; gives those that are still ours."""
        rows = await self._fetch(
            _RENEW,
            self._group,
            self._member,
            sorted(topics),
            self._lease,
            *_columns(mine),
            GROUPS_CHANNEL,
        )
        return {_assignment(row) for row in rows if row["topic"] is not None}

    async def shares(self, topics: Collection[str]) -> list[Share]:
        """What is fair now, by topic."""
        rows = await self._fetch(_MEMBERS, self._group, sorted(topics))
        return [
            Share(row["topic"], quota(row["partitions"], row["members"], self._member, turn=n))
            for n, row in enumerate(rows)
        ]

    async def claim(
        self, topic: str, most: int, *, held: Collection[Assignment]
    ) -> dict[Assignment, int]:
        """Take up to that many that nobody holds; gives where to read on in each."""
        numbers = [a.partition.number for a in held if a.partition.topic == topic]
        rows = await self._fetch(
            _CLAIM, self._group, self._member, self._lease, topic, numbers, most
        )
        return {_assignment(row): row["committed"] or 0 for row in rows}

    async def release(self, mine: Collection[Assignment], *, leave: bool = False) -> None:
        """Hand them back, and tell the group; with `leave`, be no member any more."""
        await self._fetch(
            _RELEASE, self._group, self._member, *_columns(mine), leave, GROUPS_CHANNEL
        )

    async def commit(self, points: Mapping[Assignment, int]) -> set[Assignment]:
        """Store the points of those that are ours; gives these."""
        columns = (*_columns(points), list(points.values()))
        rows = await self._fetch(_COMMIT, self._group, self._member, *columns)
        return {_assignment(row) for row in rows}

    async def committed(self, partition: Partition) -> int | None:
        rows = await self._fetch(
            "SELECT committed FROM log_claim WHERE (grp, topic, partition) = ($1, $2, $3)",
            self._group,
            partition.topic,
            partition.number,
        )
        return rows[0]["committed"] if rows else None

    async def end(self, partition: Partition) -> int:
        rows = await self._fetch(
            "SELECT next_offset FROM log_partition WHERE (topic, partition) = ($1, $2)",
            partition.topic,
            partition.number,
        )
        return rows[0]["next_offset"] if rows else 0

    async def _fetch(self, statement: str, *arguments: object) -> Sequence[asyncpg.Record]:
        async def fetch(connection: Connection) -> Sequence[asyncpg.Record]:
            return await connection.fetch(statement, *arguments)

        return await self._session.call(fetch, within=self._within)


async def release_all(connection: Connection) -> None:
    """End every claim and membership, of every group, without waiting for their leases.

    Only for one who knows that no member is alive: whoever has just taken the data folder of an
    embedded server, before anything of its own is started. After a kill the next run then goes on
    at once.
    """
    async with connection.transaction():
        await connection.execute("UPDATE log_claim SET owner = NULL, lease_until = NULL")
        await connection.execute("DELETE FROM log_member")


def quota(partitions: int, members: Sequence[UUID], member: UUID, *, turn: int) -> int:
    """A fair share: shares differ by one at most, and add up to all partitions.

    Args:
        partitions: of one topic.
        members: those who read it, in an order that all of them see.
        member: whose share; one who is not among them has none.
        turn: another number for each topic, so that not everywhere the same ones get one more.
    """
    if member not in members:
        return 0
    least, over = divmod(partitions, len(members))
    rank = (members.index(member) + turn) % len(members)
    return least + (1 if rank < over else 0)


def _columns(assignments: Iterable[Assignment]) -> tuple[list[str], list[int], list[int]]:
    each = list(assignments)
    return (
        [a.partition.topic for a in each],
        [a.partition.number for a in each],
        [a.epoch for a in each],
    )


def _assignment(row: asyncpg.Record) -> Assignment:
    return Assignment(Partition(row["topic"], row["partition"]), row["epoch"])
