"""What the live audit keeps: how far it is, what it found, and which rows somebody deleted by hand.

No engagement is ever deleted, and no dead letter: whoever does it leaves a row in `removed_row`, by
the same transaction. An offset of the log that holds another event than before shows that the log
began anew; `log_generation` says since when its offsets count.
"""

from alembic import op

revision = "v0_1_13_pre_proof"
down_revision = "v0_1_13_pre_messages"

WALKS = (
    "received",
    "chain",
    "comments",
    "received again",
    "chain again",
    "states",
    "counts",
    "head",
)

STATEMENTS = (
    """
    CREATE TABLE audit_walk (
      name text PRIMARY KEY, position jsonb NOT NULL DEFAULT '{}',
      at timestamptz, completed_at timestamptz)
    """,
    f"""
    INSERT INTO audit_walk (name) VALUES {", ".join(f"('{walk}')" for walk in WALKS)}
    """,  # noqa: S608 - names of ours
    """
    CREATE TABLE audit_finding (
      kind text NOT NULL, name text NOT NULL, facts jsonb NOT NULL,
      found_at timestamptz NOT NULL DEFAULT now(), told_at timestamptz, PRIMARY KEY (kind, name))
    """,
    """
    CREATE TABLE removed_row (
      row_id uuid NOT NULL, kind text NOT NULL, source text, comment_id text, event_id text,
      received_at timestamptz NOT NULL, removed_at timestamptz NOT NULL DEFAULT now())
    """,
    """
    CREATE FUNCTION note_removed_engagement() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
      INSERT INTO removed_row (row_id, kind, source, comment_id, event_id, received_at)
      SELECT id, 'engagement', source, comment_id, event_id, received_at FROM was;
      RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION note_removed_dead_letter() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
      INSERT INTO removed_row (row_id, kind, source, event_id, received_at)
      SELECT id, 'dead_letter', source, receipt, arrived_at FROM was
      WHERE counts AND status <> 'settled';
      RETURN NULL;
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER note_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS was
        FOR EACH STATEMENT EXECUTE FUNCTION note_removed_{table}()
        """
        for table in ("engagement", "dead_letter")
    ),
    """
    CREATE TABLE log_generation (
      topic text NOT NULL, partition int NOT NULL, began_at timestamptz NOT NULL,
      PRIMARY KEY (topic, partition))
    """,
    'CREATE INDEX received_id_place ON received_id (topic, partition, "offset")',
    "CREATE INDEX engagement_received ON engagement USING brin (received_at) WITH (autosummarize = on)",  # codespell:ignore brin
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
