"""People of ours, their sessions and sign-in links."""

from alembic import op

from responder.adapters.postgres.people import PEOPLE_SCHEMA_SQL

revision = "v0_1_03_pre_people"
down_revision = "v0_1_02_pre_log"


def upgrade() -> None:
    for statement in PEOPLE_SCHEMA_SQL:
        op.execute(statement)
