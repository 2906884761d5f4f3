"""Which replies of ours stood in a thread before a delivery's first attempt."""

from alembic import op

revision = "v0_1_06_pre_known_replies"
down_revision = "v0_1_05_pre_pushes"


def upgrade() -> None:
    op.execute("ALTER TABLE delivery_job ADD COLUMN known text[] NOT NULL DEFAULT '{}'")
