"""The tokens that models use, by source and day, in the ledger: all processes share one budget."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import transaction
from responder.drafting.ports import Reservation
from responder.engagement.model import SourceId

_RESERVE = text("""
    INSERT INTO token_use (source, day, tokens, allowed)
    SELECT :source, (now() AT TIME ZONE 'UTC')::date, :tokens, :allowed
    WHERE CAST(:tokens AS bigint) <= CAST(:allowed AS bigint)
    ON CONFLICT (source, day) DO UPDATE
      SET tokens = token_use.tokens + EXCLUDED.tokens, allowed = EXCLUDED.allowed
      WHERE token_use.tokens + EXCLUDED.tokens <= EXCLUDED.allowed
    RETURNING day
    """)


async def read_tokens_left(connection: AsyncConnection) -> dict[str, float]:
    """The share that is left today, by source whose comments used some."""
    found = await connection.execute(
        text("""
            SELECT source, GREATEST(1 - tokens::float8 / allowed, 0) AS remaining FROM token_use
            WHERE day = (now() AT TIME ZONE 'UTC')::date ORDER BY source
            """)
    )
    return {row.source: row.remaining for row in found}


class PostgresTokenBudget:
    """`drafting.ports.TokenBudget` on PostgreSQL; a day is the database's, in UTC."""

    def __init__(self, engine: AsyncEngine, *, tokens_per_day: int) -> None:
        """Allow so many for each source."""
        self._engine = engine
        self._allowed = tokens_per_day

    async def reserve(self, source: SourceId, tokens: int) -> Reservation | None:
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                _RESERVE, {"source": source, "tokens": tokens, "allowed": self._allowed}
            )
            day = found.scalar_one_or_none()
        return None if day is None else Reservation(source, day, tokens)

    async def settle(self, reserved: Reservation, used: int) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    UPDATE token_use SET tokens = tokens + :more
                    WHERE source = :source AND day = :day
                    """),
                {
                    "source": reserved.source,
                    "day": reserved.day,
                    "more": used - reserved.tokens,
                },
            )
