"""Counts that are kept instead of counted, and what finds the first, the oldest and the few.

A statement on a counted table leaves its differences in `tally_change`, which is only inserted into:
no two transactions wait for each other. Folding moves them into `tally`. Both together are exact for
whoever reads them in one statement, whether or not anybody folds. `tally_counted` is what a count of
the tables themselves gives; `tally_rebuild()` makes the kept counts equal to it.
"""

from alembic import op

revision = "v0_1_09_pre_tally"
down_revision = "v0_1_08_pre_branches"

BOUNDS = (1, 5, 15, 30, 60, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200)
"""Seconds. A wait of exactly so long belongs below: times have microseconds."""
_BOUNDS = ", ".join(f"{bound}.000001" for bound in BOUNDS)


def _engagements(rows: str, sign: str) -> str:
    return f"""
      SELECT 'engagement' AS kind, ARRAY[source, queue, COALESCE(sla, ''), state,
          CASE WHEN due_outcome = 'missed' THEN 'missed' ELSE '' END,
          CASE WHEN via = 'poll' THEN 'poll' ELSE '' END] AS labels,
        {sign}1 AS items, 0.0 AS seconds, received_at AS newest
      FROM {rows}
      """  # noqa: S608 - names of ours


def _waits(rows: str, sign: str) -> str:
    """Of public replies that stand, to whom could have waited for us; none is negative."""
    return f"""
      SELECT 'wait', ARRAY[basis, width_bucket(waited, ARRAY[{_BOUNDS}])::text],
        {sign}1, {sign}waited, NULL
      FROM {rows}, LATERAL (VALUES
        ('published', GREATEST(extract(epoch FROM replied_at - published_at), 0)),
        ('received', GREATEST(extract(epoch FROM replied_at - received_at), 0))) w (basis, waited)
      WHERE state = 'answered' AND replied_at IS NOT NULL AND via <> 'backfill'
      """  # noqa: S608 - names of ours


def _due(rows: str, sign: str) -> str:
    return f"""
      SELECT 'due' AS kind, ARRAY[COALESCE(sla, ''), outcome] AS labels,
        {sign}1 AS items, 0.0 AS seconds, NULL::timestamptz AS newest FROM {rows}
      """  # noqa: S608 - names of ours


def _letters(rows: str, sign: str) -> str:
    return f"""
      SELECT 'dead_letter' AS kind, ARRAY[status, counts::text, failed_at_stage] AS labels,
        {sign}1 AS items, 0.0 AS seconds, NULL::timestamptz AS newest FROM {rows}
      """  # noqa: S608 - names of ours


COUNTED = {
    "engagement": (_engagements, _waits),
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


def _watch(table: str) -> list[str]:
    was, now = ("was", "-"), ("now", "+")
    return [
        f"""
        CREATE FUNCTION tally_{table}() RETURNS trigger LANGUAGE plpgsql
        SET search_path FROM CURRENT AS $$
        BEGIN
          IF TG_OP = 'INSERT' THEN {_change(table, now)}
          ELSIF TG_OP = 'UPDATE' THEN {_change(table, was, now)}
          ELSE {_change(table, was)}
          END IF;
          RETURN NULL;
        END $$
        """,
        f"""
        CREATE TRIGGER tally_inserted AFTER INSERT ON {table} REFERENCING NEW TABLE AS now
        FOR EACH STATEMENT EXECUTE FUNCTION tally_{table}()
        """,
        f"""
        CREATE TRIGGER tally_updated AFTER UPDATE ON {table}
        REFERENCING OLD TABLE AS was NEW TABLE AS now
        FOR EACH STATEMENT EXECUTE FUNCTION tally_{table}()
        """,
        f"""
        CREATE TRIGGER tally_deleted AFTER DELETE ON {table} REFERENCING OLD TABLE AS was
        FOR EACH STATEMENT EXECUTE FUNCTION tally_{table}()
        """,
    ]


_ALL = " UNION ALL ".join(_of(table, (table, "+")) for table in COUNTED)
_COLUMNS = """
  kind, labels, sum(items)::bigint AS items, sum(seconds) AS seconds, max(newest) AS newest
  """
_OPEN = "('awaiting_review', 'approved', 'sending', 'delivery_failed', 'delivery_unknown')"
_ENDED = "('answered', 'dismissed', 'withdrawn')"

STATEMENTS = (
    """
    CREATE TABLE tally (
      kind text NOT NULL, labels text[] NOT NULL, items bigint NOT NULL, seconds numeric NOT NULL,
      newest timestamptz, PRIMARY KEY (kind, labels))
    WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE tally_change (
      kind text NOT NULL, labels text[] NOT NULL, items bigint NOT NULL, seconds numeric NOT NULL,
      newest timestamptz)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)
    """,
    f"""
    CREATE VIEW tally_kept AS SELECT {_COLUMNS}
    FROM (TABLE tally UNION ALL TABLE tally_change) r
    GROUP BY kind, labels HAVING sum(items) <> 0 OR sum(seconds) <> 0
    """,  # noqa: S608 - names of ours
    f"CREATE VIEW tally_counted AS SELECT {_COLUMNS} FROM ({_ALL}) r GROUP BY kind, labels",  # noqa: S608
    f"""
    CREATE FUNCTION tally_rebuild() RETURNS void LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
      LOCK TABLE {", ".join(COUNTED)} IN SHARE MODE;
      DELETE FROM tally_change;
      DELETE FROM tally;
      INSERT INTO tally TABLE tally_counted;
    END $$
    """,  # noqa: S608 - names of ours
    *(statement for table in COUNTED for statement in _watch(table)),
    "SELECT tally_rebuild()",
    """
    CREATE TABLE conservation (
      is_last boolean PRIMARY KEY DEFAULT true CHECK (is_last),
      at timestamptz NOT NULL, missing bigint NOT NULL, missing_comments bigint NOT NULL)
    """,
    f"""
    CREATE INDEX engagement_open_source ON engagement (source, rank, order_due, received_at, id)
      WHERE state IN {_OPEN}
    """,
    f"""
    CREATE INDEX engagement_oldest ON engagement (queue, COALESCE(sla, ''), received_at)
      WHERE state IN {_OPEN}
    """,
    """
    CREATE INDEX engagement_attention ON engagement (rank, order_due, received_at, id)
      WHERE state IN ('delivery_failed', 'delivery_unknown')
    """,
    "DROP INDEX engagement_ended",
    *(
        f"""
        CREATE INDEX engagement_ended{name} ON engagement ({columns}state, ended_at DESC, id DESC)
          WHERE state IN {_ENDED}
        """
        for name, columns in (("", ""), ("_source", "source, "), ("_queue", "queue, "))
    ),
    "CREATE INDEX received_id_comment ON received_id (source, comment_id)",
    "CREATE INDEX delivery_job_of ON delivery_job (engagement_id)",
    "CREATE INDEX inbox_done ON inbox USING brin (done_at) WITH (autosummarize = on)",  # codespell:ignore brin
    "CREATE INDEX outbox_sent ON outbox USING brin (sent_at) WITH (autosummarize = on)",  # codespell:ignore brin
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
