"""How many tokens models used, by source and day; see `token_budget.py`."""

from alembic import op

revision = "v0_1_15_pre_token_use"
down_revision = "v0_1_14_pre_response_times"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE token_use (
          source text NOT NULL, day date NOT NULL, tokens bigint NOT NULL, allowed bigint NOT NULL,
          PRIMARY KEY (source, day))
        """)
