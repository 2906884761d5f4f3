"""How many comments a second the stages make reviewable when so many pushes wait for them."""

import secrets
from dataclasses import dataclass

from bench.installation import NANOSECONDS, Installation

LIMIT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Rate:
    """Comments a second; of a run with breaches it says nothing."""

    per_second: float
    breaches: list[str]


async def throughput(made: Installation, count: int) -> Rate:
    """From the first comment that is triaged until the last one has its draft.

    All roles run, and nobody pushes meanwhile. The database may be filled already; then what
    `responder audit verify` would say is no help: the record of changes knows of no copy.
    """
    prefix = f"rush-{secrets.token_hex(4)}-"
    stages = made.stages
    await made.stop(stages)
    breaches = (await made.push(prefix, count=count)).breaches()
    await made.start(stages)
    if not await made.drained(prefix, count, LIMIT_SECONDS):
        return Rate(0.0, [*breaches, "not every comment got its draft"])
    triaged = await made.triaged(prefix, range(count))
    drafted = await made.reviewable(prefix, range(count))
    seconds = (max(drafted.values()) - min(triaged.values())) / NANOSECONDS
    return Rate(count / seconds, breaches)
