"""A real PostgreSQL of our own that syncs every commit to the disk, and what it costs."""

import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.embedded.cluster import title_of
from responder.adapters.postgres.embedded.process import of_cluster
from responder.adapters.postgres.embedded.server import EmbeddedPostgres
from responder.adapters.system import SystemClock, SystemIds

_EXECUTED = re.compile(r"LOG:  (?:execute|statement)")


class Database:
    """One server with one database."""

    def __init__(self, dsn: Dsn, cluster: Path) -> None:
        self.dsn = dsn
        self._cluster = cluster

    @property
    def pids(self) -> list[int]:
        """Of every process of the server."""
        uid = self._cluster.stat().st_uid
        found = []
        for process in of_cluster(self._cluster, title_of(self._cluster), uid):
            found.append(process.pid)
            process.close()
        return found

    def statements(self) -> int:
        """How many it has executed so far; none where it was not started to tell."""
        log = (self._cluster.parent / "server.log").read_text(encoding="utf-8", errors="replace")
        return len(_EXECUTED.findall(log))

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(self.dsn.url())


@asynccontextmanager
async def running_database(*, tells_statements: bool = False) -> AsyncIterator[Database]:
    """As `responder up` starts it, for as long as the context lasts.

    Args:
        tells_statements: each is logged, which takes time: nothing else is measured meanwhile.
    """
    # Below the world's temporary folder: as root, ours is closed to the server's account.
    folder = Path(tempfile.gettempdir()) / f"responder-bench-{secrets.token_hex(4)}"
    clock = SystemClock()
    server = EmbeddedPostgres(
        folder,
        clock=clock,
        ids=SystemIds(clock),
        # So that the time of a commit can be read afterwards instead of being watched for.
        settings={
            "max_connections": "200",
            "track_commit_timestamp": "on",
            "log_statement": "all" if tells_statements else "none",
        },
    )
    try:
        yield Database(await server.start(), folder / "postgres" / "cluster")
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)
