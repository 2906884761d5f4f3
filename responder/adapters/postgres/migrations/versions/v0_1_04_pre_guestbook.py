"""The guestbook's own schema."""

from alembic import op

from responder.adapters.postgres.guestbook import GUESTBOOK_SCHEMA_SQL

revision = "v0_1_04_pre_guestbook"
down_revision = "v0_1_03_pre_people"


def upgrade() -> None:
    for statement in GUESTBOOK_SCHEMA_SQL:
        op.execute(statement)
