"""A comment is looked up by its key, whatever the planner knows of the table.

While it knows nothing, every index that begins with the source looks as good as the key, and the
check of a foreign key may read all comments of the source. No other index begins with it now.
"""

from alembic import op

revision = "v0_1_10_pre_lookups"
down_revision = "v0_1_09_pre_tally"

STATEMENTS = (
    "DROP INDEX comment_of_author",
    "CREATE INDEX comment_of_author ON comment (author_id, source)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
