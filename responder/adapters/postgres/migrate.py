"""Brings the schema to what this version needs; safe to run twice, and by two at once.

Migrations are named release, order and `pre` or `post`: `pre` may run while the old code works,
`post` only after it is gone.
"""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

logging.getLogger("alembic").setLevel(logging.WARNING)  # what was applied is returned instead

MIGRATION_LOCK = 0x7265_7370
"""Advisory lock: whoever comes second waits, and then finds nothing to do."""


async def migrate(engine: AsyncEngine) -> list[str]:
    """Apply what is missing, in one locked transaction each; gives the names that were applied."""
    async with engine.connect() as connection:
        return await connection.run_sync(_upgrade)


async def pending(engine: AsyncEngine) -> list[str]:
    """Migrations that this version needs and the database lacks, oldest first."""
    async with engine.connect() as connection:
        return await connection.run_sync(_pending)


async def is_newer(engine: AsyncEngine) -> bool:
    """Whether the schema was made by a later version than this one."""
    async with engine.connect() as connection:
        head = await connection.run_sync(_current)
    return head is not None and head not in {each.revision for each in _script().walk_revisions()}


def _upgrade(connection: Connection) -> list[str]:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.commit()
    try:
        missing = _pending(connection)
        connection.commit()
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    return missing


def _pending(connection: Connection) -> list[str]:
    current = _current(connection)
    revisions = [each.revision for each in _script().iterate_revisions("head", current or "base")]
    return revisions[::-1]


def _current(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": "schema_version"})
    return context.get_current_revision()


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
