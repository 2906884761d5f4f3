"""Brings the schema to what this version needs; safe to run twice, and by two at once.

Migrations are named release, order and `pre` or `post`: `pre` may run while the old code works,
`post` only after it is gone.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.engine import patient
from responder.engagement.errors import Misconfigured

FOLDER = Path(__file__).parent / "migrations"
VERSION_TABLE = "schema_version"
MIGRATION_LOCK = 0x7265_7370
"""Advisory lock: whoever comes second waits, and then finds nothing to do."""


@dataclass(eq=False, kw_only=True)
class NewerSchema(Misconfigured):
    """This database was made by a later version of Responder; run that one, or restore a backup."""


def migrations() -> list[str]:
    """The names of all that this version has, in their order."""
    return sorted(each.stem for each in (FOLDER / "versions").glob("v*.py"))


async def migrate(engine: AsyncEngine) -> list[str]:
    """Apply what is missing, in one locked transaction each; gives the names that were applied."""
    async with patient(engine) as unhurried, unhurried.connect() as connection:
        return await connection.run_sync(_upgrade)


async def pending(engine: AsyncEngine) -> list[str]:
    """Migrations that this version needs and the database lacks, oldest first."""
    async with engine.connect() as connection:
        return await connection.run_sync(_pending)


async def is_newer(engine: AsyncEngine) -> bool:
    """Whether the schema was made by a later version than this one."""
    async with engine.connect() as connection:
        head = await connection.run_sync(_current)
    return head is not None and head not in migrations()


def _upgrade(connection: Connection) -> list[str]:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.commit()
    try:
        missing = _pending(connection)
        connection.commit()
        _apply(connection)
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    return missing


def _apply(connection: Connection) -> None:
    # What was applied is returned instead of said; it also tells of its plugins when it is imported.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # Here, because every process looks what is missing, and few ever apply it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _pending(connection: Connection) -> list[str]:
    current = _current(connection)
    names = migrations()
    return names if current is None else names[names.index(current) + 1 :]


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
    return found.scalar_one_or_none()
