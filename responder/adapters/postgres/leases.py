"""Leases on work in the ledger, when their holders are known to be dead."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.engine import transaction


async def end_leases(engine: AsyncEngine) -> None:
    """End every lease on a reply or a draft, without waiting for it to run out.

    Only for one who knows that no worker is alive: whoever has just taken the data folder of an
    embedded server, before anything of its own is started. A delivery attempt that was under way
    stays as it is: its platform may still be at work, so nobody looks for it any sooner.
    """
    async with transaction(engine) as connection:
        await connection.execute(
            text("""
                UPDATE delivery_job SET leased_until = NULL, token = NULL
                WHERE leased_until IS NOT NULL
                """)
        )
        await connection.execute(
            text("""
                UPDATE inbox SET lease_until = now()
                WHERE state = 'claimed' AND lease_until > now()
                """)
        )
