"""What a child process makes: a member, or a writer, of the log kept in PostgreSQL."""

from collections.abc import Mapping
from typing import Any

from responder.adapters.postgres.log.consumer import PostgresLog
from responder.adapters.postgres.log.membership import LogTiming
from responder.adapters.postgres.log.writer import PostgresLogWriter
from responder.adapters.system import SystemClock, SystemIds

TIMING = LogTiming(
    lease=4.0, renew=0.5, margin=0.5, poll_limit=1.0, commit=1.0, connect=2.0, stop=3.0, retry=0.2
)
APPEND_SECONDS = 1.0


def make_log(dsn: str, timing: LogTiming = TIMING) -> PostgresLog:
    clock = SystemClock()
    return PostgresLog(dsn, clock=clock, ids=SystemIds(clock), timing=timing)


def make_writer(dsn: str) -> PostgresLogWriter:
    return PostgresLogWriter(
        dsn,
        clock=SystemClock(),
        append_seconds=APPEND_SECONDS,
        connect_seconds=TIMING.connect,
        stop_seconds=TIMING.stop,
    )


async def member(arguments: Mapping[str, Any]) -> PostgresLog:
    return make_log(arguments["dsn"])


async def writer(arguments: Mapping[str, Any]) -> PostgresLogWriter:
    return make_writer(arguments["dsn"])
