"""What arrived under the ids that senders give their pushes."""

from alembic import op

revision = "v0_1_05_pre_pushes"
down_revision = "v0_1_04_pre_guestbook"

STATEMENTS = (
    """
    CREATE TABLE push_body (
      source text NOT NULL, delivery_id text NOT NULL, body_sha256 text NOT NULL,
      seen_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (source, delivery_id))
    """,
    "CREATE INDEX push_body_seen ON push_body (seen_at)",
    """
    CREATE TABLE push_conflict (
      source text NOT NULL, delivery_id text NOT NULL, body_sha256 text NOT NULL,
      seen_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (source, delivery_id, body_sha256))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
