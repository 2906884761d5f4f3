"""Whom a clock's step tells: a person of ours it is for, or a webhook; see `messages.py`.

A message is kept until it was taken or given up, and then for as long as somebody may ask for it.
"""

from alembic import op

revision = "v0_1_13_pre_messages"
down_revision = "v0_1_12_pre_clocks"

STATEMENTS = (
    "ALTER TABLE clock_step ADD COLUMN person text, ADD COLUMN webhook text",
    "ALTER TABLE engagement ADD COLUMN assigned_to uuid REFERENCES person",
    """
    CREATE INDEX engagement_assigned ON engagement (assigned_to, rank, order_due, received_at, id)
      WHERE assigned_to IS NOT NULL
        AND state IN ('awaiting_review', 'approved', 'sending', 'delivery_failed', 'delivery_unknown')
    """,
    """
    CREATE TABLE webhook_message (
      id text PRIMARY KEY, webhook text NOT NULL, type text NOT NULL, data jsonb NOT NULL,
      engagement_id uuid NOT NULL REFERENCES engagement, made_at timestamptz NOT NULL,
      attempts int NOT NULL DEFAULT 0, next_at timestamptz, settled_at timestamptz, why text)
    """,
    "CREATE INDEX webhook_message_due ON webhook_message (next_at) WHERE next_at IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
