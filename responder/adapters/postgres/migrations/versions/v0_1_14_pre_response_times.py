"""How each wait for a first reply ended, once, and the counts of it; see `response_times.py`.

`response_time` has a row for what got a reply or was closed without one: waits by both clocks and
from both beginnings, decided when it happened. Its counts take the place of those that `engagement`
had. Counts of due times tell tiers apart, and what was opened again from what came.

`tier` and `calendar` name what a clock runs under now: its target in short, and which hours count.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from alembic import op
from sqlalchemy import Connection, text

from responder.engagement.clock import calendar_of, read
from responder.insights.waits import Basis, Clock, waited

revision = "v0_1_14_pre_response_times"
down_revision = "v0_1_13_pre_proof"

BOUNDS = (1, 5, 15, 30, 60, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200)
"""Of the histograms, in seconds. A wait of exactly so long belongs below."""
STEPS = (
    *chain.from_iterable(
        range(*each)
        for each in (
            *((0, 60, 1), (60, 120, 2), (120, 300, 5), (300, 900, 15), (900, 1_800, 30)),
            *((1_800, 3_600, 60), (3_600, 7_200, 120), (7_200, 14_400, 300)),
            *((14_400, 43_200, 600), (43_200, 86_400, 1_800), (86_400, 259_200, 3_600)),
            *((259_200, 604_800, 10_800), (604_800, 1_209_600, 21_600)),
            *((1_209_600, 2_592_000, 43_200), (2_592_000, 5_184_000, 86_400)),
            (5_184_000, 31_622_400, 259_200),
        )
    ),
    31_622_400,
)
"""As in `responder.insights.steps`. A microsecond more than a step belongs to the next."""
PAGE = 5_000
FIRST = "00000000-0000-0000-0000-000000000000"

_BOUNDS = ", ".join(f"{bound}.000001" for bound in BOUNDS)
_STEPS = ",".join(map(str, STEPS))
_BEYOND_STEPS = ",".join(f"{step}.000001" for step in STEPS)
_OPEN = "('awaiting_review', 'approved', 'sending', 'delivery_failed', 'delivery_unknown')"
_MEASURES = """
  (VALUES ('wall', 'published', published), ('wall', 'received', received),
    ('business', 'published', published_business), ('business', 'received', received_business))
    w (clock, basis, waited)
  """


def _engagements(rows: str, sign: str) -> str:
    return f"""
      SELECT 'engagement' AS kind, ARRAY[source, queue, COALESCE(sla, ''), state,
          CASE WHEN due_outcome = 'missed' THEN 'missed' ELSE '' END,
          CASE WHEN via = 'poll' THEN 'poll' ELSE '' END] AS labels,
        {sign}1 AS items, 0.0 AS seconds, received_at AS newest
      FROM {rows}
      """  # noqa: S608 - names of ours


def _waits(rows: str, sign: str) -> str:
    """Of first replies, as the metrics show them."""
    return f"""
      SELECT 'wait' AS kind,
        ARRAY[tier, clock, basis, width_bucket(waited, ARRAY[{_BOUNDS}])::text] AS labels,
        {sign}1 AS items, {sign}waited AS seconds, NULL::timestamptz AS newest
      FROM {rows}, LATERAL {_MEASURES} WHERE outcome = 'replied'
      UNION ALL
      SELECT 'source_wait', ARRAY[source, width_bucket(published, ARRAY[{_BOUNDS}])::text],
        {sign}1, {sign}published, NULL FROM {rows} WHERE outcome = 'replied'
      """  # noqa: S608 - names of ours


def _waits_by_day(rows: str, sign: str) -> str:
    """Of all, by the day on which it was received."""
    return f"""
      SELECT 'day_wait' AS kind, ARRAY[to_char(day, 'YYYY-MM-DD'), clock, basis, outcome,
          (CASE outcome WHEN 'replied' THEN wait_within(waited::float8)
            ELSE wait_outlasted(waited::float8) END)::text] AS labels,
        {sign}1 AS items, 0.0 AS seconds, NULL::timestamptz AS newest
      FROM {rows}, LATERAL {_MEASURES}
      """  # noqa: S608 - names of ours


def _due(rows: str, sign: str) -> str:
    """In all, and by the day on which it was settled."""
    which = """
      COALESCE(sla, ''), tier, outcome, CASE WHEN period = 1 THEN 'first' ELSE 'again' END
      """
    return f"""
      SELECT 'due' AS kind, ARRAY[{which}] AS labels,
        {sign}1 AS items, 0.0 AS seconds, NULL::timestamptz AS newest FROM {rows}
      UNION ALL
      SELECT 'day_due', ARRAY[to_char(settled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), {which}],
        {sign}1, 0.0, NULL FROM {rows}
      """  # noqa: S608 - names of ours


def _letters(rows: str, sign: str) -> str:
    return f"""
      SELECT 'dead_letter' AS kind, ARRAY[status, counts::text, failed_at_stage] AS labels,
        {sign}1 AS items, 0.0 AS seconds, NULL::timestamptz AS newest FROM {rows}
      """  # noqa: S608 - names of ours


COUNTED = {
    "engagement": (_engagements,),
    "response_time": (_waits, _waits_by_day),
    "due_settled": (_due,),
    "dead_letter": (_letters,),
}


def _of(table: str, *rows: tuple[str, str]) -> str:
    return " UNION ALL ".join(kind(name, sign) for name, sign in rows for kind in COUNTED[table])


def _change(table: str, *rows: tuple[str, str]) -> str:
    return f"""
      INSERT INTO tally_change (kind, labels, items, seconds, newest)
      SELECT kind, labels, sum(items), sum(seconds), max(newest) FROM ({_of(table, *rows)}) r
      GROUP BY kind, labels HAVING sum(items) <> 0 OR sum(seconds) <> 0;
      """  # noqa: S608 - names of ours


def _counting(table: str) -> str:
    was, now = ("was", "-"), ("now", "+")
    return f"""
      CREATE OR REPLACE FUNCTION tally_{table}() RETURNS trigger LANGUAGE plpgsql
      SET search_path FROM CURRENT AS $$
      BEGIN
        IF TG_OP = 'INSERT' THEN {_change(table, now)}
        ELSIF TG_OP = 'UPDATE' THEN {_change(table, was, now)}
        ELSE {_change(table, was)}
        END IF;
        RETURN NULL;
      END $$
      """


_ALL = " UNION ALL ".join(_of(table, (table, "+")) for table in COUNTED)

COLUMNS = (
    """
    ALTER TABLE engagement ADD COLUMN tier text, ADD COLUMN calendar text,
      ADD COLUMN at_risk_from timestamptz, ADD COLUMN first_replied_at timestamptz
    """,
    "ALTER TABLE sla_terms ADD COLUMN tier text, ADD COLUMN calendar text",
    "ALTER TABLE due_settled ADD COLUMN tier text NOT NULL DEFAULT ''",
    """
    CREATE TABLE response_time (
      engagement_id uuid PRIMARY KEY REFERENCES engagement, day date NOT NULL, source text NOT NULL,
      tier text NOT NULL, outcome text NOT NULL CHECK (outcome IN ('replied', 'closed')),
      ended_at timestamptz NOT NULL, published numeric NOT NULL, received numeric NOT NULL,
      published_business numeric NOT NULL, received_business numeric NOT NULL)
    """,
)
FUNCTIONS = (
    f"""
    CREATE FUNCTION wait_within(waited float8) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('{{{_STEPS}}}'::int[])[width_bucket(waited, '{{{_BEYOND_STEPS}}}'::float8[]) + 1]
    """,
    f"""
    CREATE FUNCTION wait_outlasted(waited float8) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('{{{_STEPS}}}'::int[])[width_bucket(waited, '{{{_STEPS}}}'::float8[])]
    """,
    """
    CREATE FUNCTION office_seconds(
      until float8, begins float8[], lengths float8[], passed float8[])
    RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN until < begins[1] THEN 0
      ELSE passed[width_bucket(until, begins)] + LEAST(lengths[width_bucket(until, begins)],
        until - begins[width_bucket(until, begins)]) END
    """,
    *(_counting(table) for table in COUNTED if table != "dead_letter"),
    *(
        f"""
        CREATE TRIGGER tally_{name} AFTER {event} ON response_time REFERENCING {rows}
        FOR EACH STATEMENT EXECUTE FUNCTION tally_response_time()
        """
        for name, event, rows in (
            ("inserted", "INSERT", "NEW TABLE AS now"),
            ("updated", "UPDATE", "OLD TABLE AS was NEW TABLE AS now"),
            ("deleted", "DELETE", "OLD TABLE AS was"),
        )
    ),
    f"""
    CREATE OR REPLACE VIEW tally_counted AS
    SELECT kind, labels, sum(items)::bigint AS items, sum(seconds) AS seconds, max(newest) AS newest
    FROM ({_ALL}) r GROUP BY kind, labels
    """,  # noqa: S608 - names of ours
    f"""
    CREATE OR REPLACE FUNCTION tally_rebuild() RETURNS void LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
      LOCK TABLE {", ".join(COUNTED)} IN SHARE MODE;
      DELETE FROM tally_change;
      DELETE FROM tally;
      INSERT INTO tally TABLE tally_counted;
    END $$
    """,  # noqa: S608 - names of ours
    "SELECT tally_rebuild()",
)
INDEXES = (
    "DROP INDEX engagement_oldest",
    f"""
    CREATE INDEX engagement_oldest ON engagement (queue, COALESCE(sla, ''), received_at)
      INCLUDE (id, published_at, via, calendar, first_replied_at) WHERE state IN {_OPEN}
    """,
    f"""
    CREATE INDEX engagement_at_risk ON engagement (at_risk_from)
      WHERE due_outcome IS NULL AND at_risk_from IS NOT NULL AND clock_paused_at IS NULL
        AND state IN {_OPEN}
    """,
)
FILL = (
    """
    UPDATE engagement e SET tier = s.tier, calendar = s.calendar FROM (
      SELECT DISTINCT ON (engagement_id) engagement_id, terms FROM clock_tick
      WHERE act IN ('started', 'restarted', 'changed') ORDER BY engagement_id, number DESC) t
    JOIN sla_terms s ON s.version = t.terms WHERE e.id = t.engagement_id
    """,
    """
    UPDATE engagement SET at_risk_from = due_at - (due_at - received_at) * 0.2
    WHERE due_at IS NOT NULL AND due_outcome IS NULL
    """,
    "UPDATE engagement SET first_replied_at = replied_at WHERE state = 'answered'",
    """
    UPDATE due_settled d SET tier = COALESCE(e.tier, '') FROM engagement e
    WHERE e.id = d.engagement_id AND e.tier IS NOT NULL
    """,
)
ENDED = text("""
    SELECT e.id, e.source, e.received_at, e.published_at, e.state, e.tier,
      COALESCE(e.replied_at, e.ended_at, e.received_at) AS ended_at, (
        SELECT content FROM sla_terms s WHERE s.calendar = e.calendar LIMIT 1) AS content
    FROM engagement e
    WHERE e.state IN ('answered', 'dismissed', 'withdrawn') AND e.via <> 'backfill'
      AND e.id > CAST(:after AS uuid) ORDER BY e.id LIMIT :page
    """)
KEEP = text("""
    INSERT INTO response_time VALUES (:id, CAST(:received_at AS timestamptz) AT TIME ZONE 'UTC',
      :source, :tier, :outcome, :ended_at, :published, :received, :published_business,
      :received_business)
    """)


def upgrade() -> None:
    for statement in COLUMNS:
        op.execute(statement)
    connection = op.get_bind()
    _name_terms(connection)
    for statement in FILL:
        op.execute(statement)
    for rows in _ended(connection):
        connection.execute(KEEP, [_kept(row) for row in rows])
    for statement in (*FUNCTIONS, *INDEXES):
        op.execute(statement)


def _name_terms(connection: Connection) -> None:
    for row in connection.execute(text("SELECT version, content FROM sla_terms")).all():
        hours = row.content["hours"]
        connection.execute(
            text(
                "UPDATE sla_terms SET tier = :tier, calendar = :calendar WHERE version = :version"
            ),
            {
                "version": row.version,
                "tier": read(row.content).tier,
                "calendar": None if hours is None else calendar_of(hours),
            },
        )


def _ended(connection: Connection) -> Iterator[Sequence[Any]]:
    after: object = FIRST
    while rows := connection.execute(ENDED, {"after": after, "page": PAGE}).all():
        yield rows
        after = rows[-1].id


def _kept(row: Any) -> dict[str, object]:
    waits = waited(
        published_at=row.published_at,
        received_at=row.received_at,
        ended_at=row.ended_at,
        hours=None if row.content is None else read(row.content).hours,
    )
    return {
        "id": row.id,
        "received_at": row.received_at,
        "source": row.source,
        "tier": row.tier or "",
        "outcome": "replied" if row.state == "answered" else "closed",
        "ended_at": row.ended_at,
        "published": waits[Clock.WALL, Basis.PUBLISHED],
        "received": waits[Clock.WALL, Basis.RECEIVED],
        "published_business": waits[Clock.BUSINESS, Basis.PUBLISHED],
        "received_business": waits[Clock.BUSINESS, Basis.RECEIVED],
    }
