"""A doubtful call that is repeated under its key stays in doubt, and does not keep the repeat out."""

from alembic import op

revision = "v0_1_07_pre_repeats"
down_revision = "v0_1_06_pre_known_replies"

STATEMENTS = (
    "ALTER TABLE delivery_attempt ADD COLUMN may_repeat boolean NOT NULL DEFAULT false",
    "DROP INDEX one_open",
    """
    CREATE UNIQUE INDEX one_open ON delivery_attempt (reply_id)
      WHERE (outcome IS NULL OR outcome IN ('unknown', 'handed_over')) AND NOT may_repeat
    """,
    "CREATE INDEX delivery_attempt_key ON delivery_attempt (idempotency_key)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
