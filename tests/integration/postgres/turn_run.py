"""Takes a turn in a process of its own, for tests that kill it: `python -m … DSN NAME`."""

import asyncio
import sys

from responder.adapters.postgres.turns import turn


async def run(dsn: str, name: str) -> None:
    async with turn(dsn, lock_class=1, name=name) as is_ours:
        print(is_ours, flush=True)  # noqa: T201 - the test listens
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
