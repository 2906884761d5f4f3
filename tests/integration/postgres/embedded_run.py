"""A run of ours in a process of its own, for tests that kill it: `python -m … FOLDER`.

Says `go` before it starts the server, and its postmaster's process id once that is up. It ends
when its standard input does, as a server would that nobody stops.
"""

import asyncio
import signal
import sys
from pathlib import Path

from responder.adapters.postgres.embedded.server import EmbeddedPostgres
from responder.adapters.system import SystemClock, SystemIds


async def run(folder: Path) -> None:
    clock = SystemClock()
    server = EmbeddedPostgres(folder, clock=clock, ids=SystemIds(clock), durable=False)
    print("go", flush=True)  # noqa: T201 - the test listens
    await server.start()
    print(server.pid, flush=True)  # noqa: T201 - the test listens
    sys.stdin.read()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it, as if it had no manners
    asyncio.run(run(Path(sys.argv[1])))
