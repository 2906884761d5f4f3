"""Which migrations there are is told without the tool that applies them."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from responder.adapters.postgres.migrate import FOLDER, migrations


def test_the_migrations_are_named_in_the_order_in_which_they_are_applied() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    newest_first = ScriptDirectory.from_config(config).walk_revisions()
    assert migrations() == [each.revision for each in newest_first][::-1]
