"""What happened to each clock, under which terms; see `clocks.py`.

Terms are kept once for all clocks that ran under them. A clock that stands is not due, whatever its
due time says. `escalated_from` is the queue whose target applies to what its clock has put elsewhere.
"""

from alembic import op

revision = "v0_1_12_pre_clocks"
down_revision = "v0_1_11_pre_delays"

BEFORE = """
  SELECT *, 'before/' || sla || '/' || seconds AS version FROM (
    SELECT e.id, e.due_at, COALESCE(e.sla, '') AS sla,
      extract(epoch FROM COALESCE(s.due_at, e.due_at) - e.received_at)::double precision AS seconds
    FROM engagement e
    LEFT JOIN due_settled s ON s.engagement_id = e.id AND s.period = 1
    WHERE e.due_at IS NOT NULL) timed
  """
"""What is due already: what was opened again had as long as at first, and began so long before."""

STATEMENTS = (
    """
    CREATE TABLE sla_terms (
      version text PRIMARY KEY, content jsonb NOT NULL, first_used_at timestamptz NOT NULL DEFAULT now())
    """,
    """
    CREATE TABLE clock_tick (
      engagement_id uuid NOT NULL REFERENCES engagement, number int NOT NULL,
      act text NOT NULL CHECK (act IN ('started', 'restarted', 'changed', 'paused', 'resumed')),
      at timestamptz NOT NULL, actor text NOT NULL, reason text NOT NULL,
      terms text REFERENCES sla_terms, PRIMARY KEY (engagement_id, number))
    """,
    """
    CREATE TABLE clock_step (
      engagement_id uuid NOT NULL REFERENCES engagement, period int NOT NULL, name text NOT NULL,
      at timestamptz NOT NULL, queue text, done_at timestamptz,
      PRIMARY KEY (engagement_id, period, name))
    """,
    "CREATE INDEX clock_step_due ON clock_step (at) WHERE done_at IS NULL",
    """
    ALTER TABLE engagement ADD COLUMN audience text NOT NULL DEFAULT 'unknown',
      ADD COLUMN clock_paused_at timestamptz, ADD COLUMN escalated_from text
    """,
    f"""
    INSERT INTO sla_terms (version, content)
    SELECT DISTINCT version, jsonb_build_object('policy', sla, 'target_seconds', seconds,
      'steps', '[]'::jsonb, 'hours', NULL) FROM ({BEFORE}) b
    """,  # noqa: S608 - a constant
    f"""
    INSERT INTO clock_tick (engagement_id, number, act, at, actor, reason, terms)
    SELECT id, 1, 'started', due_at - seconds * interval '1 second', 'system',
      'as it was before clocks were kept', version FROM ({BEFORE}) b
    """,  # noqa: S608 - a constant
    "DROP INDEX engagement_due",
    """
    CREATE INDEX engagement_due ON engagement (due_at)
      WHERE due_outcome IS NULL AND due_at IS NOT NULL AND clock_paused_at IS NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
