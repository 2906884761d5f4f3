"""Every configuration that decisions were made under is kept, named by its hash."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.app.configuration import Configuration


async def keep(engine: AsyncEngine, configuration: Configuration) -> None:
    """Raises Unavailable."""
    async with transaction(engine) as connection:
        await connection.execute(
            text("""
                INSERT INTO config_version (version, content) VALUES (:version, :content)
                ON CONFLICT DO NOTHING
                """),
            {"version": configuration.version, "content": configuration.text},
        )
