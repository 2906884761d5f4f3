"""What finds the surroundings of a comment without reading its whole thread."""

from alembic import op

revision = "v0_1_08_pre_branches"
down_revision = "v0_1_07_pre_repeats"

STATEMENTS = (
    "CREATE INDEX comment_of_thread_author ON comment (thread_key, author_id)",
    "CREATE INDEX comment_below ON comment (source, parent_id) WHERE parent_id IS NOT NULL",
    "CREATE INDEX comment_answering ON comment (source, answers) WHERE answers IS NOT NULL",
    "DROP INDEX comment_of_thread",
    """
    CREATE INDEX engagement_at_work ON engagement (thread_key)
      WHERE state IN ('approved', 'sending')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
