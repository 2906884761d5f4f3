"""How far behind the log stages are, told by those that are far behind; see `delays.py`."""

from alembic import op

revision = "v0_1_11_pre_delays"
down_revision = "v0_1_10_pre_lookups"

STATEMENTS = (
    """
    CREATE UNLOGGED TABLE stage_delay (
      stage text NOT NULL, member uuid NOT NULL, seconds double precision NOT NULL,
      told_at timestamptz NOT NULL, PRIMARY KEY (stage, member))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
