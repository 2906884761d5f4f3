"""How far behind the log stages are, as they say themselves.

Only who is far behind says so, again and again; what nobody has repeated for a while is over. So it
costs nothing while all is well, and a stage that died holds up nobody.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.engine import transaction

BELIEVED_SECONDS = 10
"""How long a word holds that is not repeated."""


class StageDelays:
    """What stages in any process tell of themselves. Raises Unavailable while the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def tell(self, stage: str, member: UUID, seconds: float) -> None:
        """This member's oldest unfinished record was appended so long ago."""
        async with transaction(self._engine) as connection:
            await connection.execute(
                text("""
                    WITH over AS (
                      DELETE FROM stage_delay
                      WHERE told_at < now() - :believed * interval '1 second' AND member <> :member)
                    INSERT INTO stage_delay (stage, member, seconds, told_at)
                    VALUES (:stage, :member, :seconds, now())
                    ON CONFLICT (stage, member)
                    DO UPDATE SET seconds = EXCLUDED.seconds, told_at = EXCLUDED.told_at
                    """),
                {
                    "stage": stage,
                    "member": member,
                    "seconds": seconds,
                    "believed": BELIEVED_SECONDS,
                },
            )

    async def of(self, stage: str) -> float:
        """The longest that any member tells now, in seconds; 0 when none does."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(
                text("""
                    SELECT COALESCE(max(seconds), 0) FROM stage_delay
                    WHERE stage = :stage AND told_at > now() - :believed * interval '1 second'
                    """),
                {"stage": stage, "believed": BELIEVED_SECONDS},
            )
            return float(found.scalar_one())
