"""What the ledger lets go of, once nothing needs it any more."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.engine import patient, transaction

OUTBOX_DAYS = 7
PUSH_DAYS = 30
"""Longer than any sender repeats a push."""
MESSAGE_DAYS = 30


class Retention:
    """Removes handled inbox rows, sent outbox rows and messages, old ids of pushes, ended sign-ins."""

    def __init__(self, engine: AsyncEngine, *, inbox_days: int) -> None:
        self._engine = engine
        self._inbox_days = inbox_days

    async def prune(self) -> None:
        statements = (
            (
                "DELETE FROM inbox WHERE done_at < now() - :days * interval '1 day'",
                self._inbox_days,
            ),
            ("DELETE FROM outbox WHERE sent_at < now() - :days * interval '1 day'", OUTBOX_DAYS),
            ("DELETE FROM command_key WHERE at < now() - :days * interval '1 day'", OUTBOX_DAYS),
            ("DELETE FROM push_body WHERE seen_at < now() - :days * interval '1 day'", PUSH_DAYS),
            (
                "DELETE FROM push_conflict WHERE seen_at < now() - :days * interval '1 day'",
                PUSH_DAYS,
            ),
            (
                "DELETE FROM webhook_message WHERE settled_at < now() - :days * interval '1 day'",
                MESSAGE_DAYS,
            ),
            ("DELETE FROM session WHERE expires_at < now() - :days * interval '1 day'", 1),
            ("DELETE FROM sign_in_link WHERE expires_at < now() - :days * interval '1 day'", 1),
        )
        async with patient(self._engine) as engine:
            for statement, days in statements:
                async with transaction(engine) as connection:
                    await connection.execute(text(statement), {"days": days})
