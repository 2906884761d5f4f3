"""The log kept in PostgreSQL: partitions, records, claims, members."""

from alembic import op

from responder.adapters.postgres.log.schema import LOG_SCHEMA_SQL

revision = "v0_1_02_pre_log"
down_revision = "v0_1_01_pre_ledger"


def upgrade() -> None:
    for statement in LOG_SCHEMA_SQL:
        op.execute(statement)
