"""Everything in one process, on this machine: what `responder up` and `responder demo` run."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import text

from responder.access.service import Access
from responder.adapters.postgres.audit import PostgresAuditor
from responder.adapters.postgres.embedded.folder import DataFolder as DatabaseFolder
from responder.adapters.postgres.embedded.server import EmbeddedPostgres
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.leases import end_leases
from responder.adapters.postgres.log.claims import release_all
from responder.adapters.postgres.people import PostgresPeople
from responder.adapters.postgres.relay import Releases
from responder.adapters.system import SystemClock, SystemIds
from responder.app import demo
from responder.app.announcement import Announcement
from responder.app.data_folder import DataFolder, write_whole
from responder.app.garbage import spare_what_is_loaded
from responder.app.guestbook import has_guestbook, serve_guestbook
from responder.app.keys import FolderKeys
from responder.app.opening import open_parts
from responder.app.parts import Parts
from responder.app.process import Process, end, until
from responder.app.reloading import reload
from responder.app.roles import STAGES, listen_for_allowances
from responder.app.serving import (
    Addresses,
    addresses,
    first_admin,
    serve_doors,
    serve_metrics,
)
from responder.app.signals import Signals
from responder.app.sockets import Sockets, bind_all, port_of
from responder.app.terminal_words import Found, back
from responder.app.workspace import GUESTBOOK
from responder.engagement.events import EngagementReceived
from responder.settings import Settings
from responder.web.console import words

INTERRUPTED = 130
"""Ctrl-C before everything served: 128 + SIGINT, as shells say it."""
JOINED_SECONDS = 30.0
"""How long a start waits for its stages before it says that everything serves all the same."""


async def run_up(
    settings: Settings,
    folder: Path,
    claimed: DatabaseFolder | None,
    *,
    is_demo: bool,
    ready_file: Path | None,
    announce: Callable[[Announcement], None],
    say: Callable[[str], None],
) -> int:
    """Run until SIGINT or SIGTERM, and give the exit code.

    Args:
        settings: everything that is set.
        folder: the data folder, absolute.
        claimed: the same, held by the caller; None where the database is elsewhere.
        is_demo: seeded sources and invented people; `settings.data.dir` is a temporary folder.
        ready_file: removed at start, written once everything serves.
        announce: called once, when everything serves.
        say: one sentence for the person at the terminal, before and after.
    """
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)  # noqa: ASYNC240 - before anything runs
    signals = Signals()
    signals.listen()
    async with AsyncExitStack() as stack:
        beginning = _begin(
            stack, settings, folder, claimed, reloads=signals.reload_with, is_demo=is_demo, say=say
        )
        begun = await signals.unless_stopped(beginning)
        if begun is None:
            return INTERRUPTED if signals.is_interrupted else 0
        spare_what_is_loaded()
        if ready_file is not None:
            begun.announcement.write(ready_file)
        announce(begun.announcement)
        was_asked = await until(signals.stop, begun.process)
        say("Stopping …")
        say(words.stopped(await Releases(begun.parts.engine).held()))
    return end(begun.process, was_asked=was_asked, say=say)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """Everything serves."""

    parts: Parts
    process: Process
    announcement: Announcement


async def _begin(
    stack: AsyncExitStack,
    settings: Settings,
    folder: Path,
    claimed: DatabaseFolder | None,
    *,
    reloads: Callable[[Callable[[], Awaitable[None]]], Coroutine[Any, Any, None]],
    is_demo: bool,
    say: Callable[[str], None],
) -> _Begun:
    """Start everything; `stack` ends it, also what was begun when this is cancelled."""
    sockets = bind_all(settings)
    stack.callback(sockets.close)
    url, server = await stack.enter_async_context(_database(settings, folder, claimed, say))
    data = DataFolder(folder, SystemIds(SystemClock()))
    up = _Up(settings, data, sockets, is_demo=is_demo)
    parts = await up.open(stack, url)
    process = Process(parts.health, stop_seconds=settings.stream.stop_timeout)
    stack.push_async_callback(process.stop)
    process.background(reloads(partial(reload, parts, say)))
    if server is not None:
        await _forget_dead_members(url)
        await end_leases(parts.engine)
        process.background(server.supervise())
    announcement = await up.start(parts, process)
    return _Begun(parts=parts, process=process, announcement=announcement)


@asynccontextmanager
async def _database(
    settings: Settings,
    folder: Path,
    claimed: DatabaseFolder | None,
    say: Callable[[str], None],
) -> AsyncIterator[tuple[str, EmbeddedPostgres | None]]:
    """The one that is set, or our own in the data folder, with its server."""
    if settings.database.url is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240 - before anything runs
        yield settings.database.url.get_secret_value(), None
        return
    clock = SystemClock()
    server = EmbeddedPostgres(folder, clock=clock, ids=SystemIds(clock), claimed=claimed)
    try:
        dsn = await server.start(
            lambda progress: say(words.database(progress.step, progress.seconds))
        )
        yield dsn.url(), server
    finally:
        await server.stop()


async def _forget_dead_members(url: str) -> None:
    """Whoever read the log under this folder's lock before us is dead: do not wait for its leases."""
    connection = await asyncpg.connect(url)
    try:
        await release_all(connection)
    finally:
        await connection.close()


class _Up:
    """The composition of one process with every role."""

    def __init__(
        self, settings: Settings, data: DataFolder, sockets: Sockets, *, is_demo: bool
    ) -> None:
        self._settings = settings
        self._data = data
        self._sockets = sockets
        self._demo = is_demo
        self._keys = FolderKeys(data, settings.source, settings.webhook)
        self._at: Addresses = addresses(
            settings,
            console=port_of(sockets.console),
            metrics=port_of(sockets.metrics),
            guestbook=port_of(sockets.guestbook),
        )

    async def open(self, stack: AsyncExitStack, database_url: str) -> Parts:
        return await open_parts(
            stack,
            self._settings,
            database_url=database_url,
            configuration_file=self._configuration_file(),
            keys=self._keys,
            guestbook_url=self._at.local_guestbook,
            migrates=True,
        )

    def _configuration_file(self) -> Path:
        if self._demo:
            write_whole(self._data.path / "responder.toml", demo.configuration(), mode=0o644)
            return self._data.configuration(None)
        return self._data.configuration(self._settings.config)

    async def start(self, parts: Parts, process: Process) -> Announcement:
        """Everything serves when this returns."""
        found = await _found(parts)
        for add in STAGES.values():
            add(parts, process)
        listen_for_allowances(parts, process)
        owner = await first_admin(parts)
        api_token = self._api_token()
        await serve_doors(
            parts,
            process,
            self._sockets.console,
            self._at,
            with_console=True,
            with_gateway=True,
            owner=owner,
            api_token=api_token,
            demo=self._demo,
        )
        await serve_metrics(parts, process, self._sockets.metrics)
        serves_guestbook = has_guestbook(parts)
        if serves_guestbook:
            await serve_guestbook(
                parts,
                process,
                self._sockets.guestbook,
                self._at,
                keys=self._keys,
                demo=self._demo,
            )
        await process.start()
        await process.joined(within=JOINED_SECONDS)
        self._data.remember_address(self._at.console)
        access = Access(store=PostgresPeople(parts.engine), clock=parts.clock, ids=parts.ids)
        link = await access.link(owner)
        return self._announcement(link, api_token, found, has_guestbook=serves_guestbook)

    def _api_token(self) -> str:
        given = self._settings.api.token
        return self._data.api_token() if given is None else given.get_secret_value()

    def _secret_file(self) -> Path | None:
        """None where the environment holds the secret: then no file does."""
        given = self._settings.source.get(GUESTBOOK)
        if given is not None and given.webhook_secret is not None:
            return None
        return self._data.webhook_secret_file(GUESTBOOK)

    def _announcement(
        self, link: str, api_token: str, found: str, *, has_guestbook: bool
    ) -> Announcement:
        at = self._at
        keys = self._keys.of(GUESTBOOK) if has_guestbook else None
        return Announcement(
            pid=os.getpid(),
            console_url=at.console,
            sign_in_url=f"{at.console}/sign-in/{link}",
            guestbook_url=at.guestbook if keys else None,
            webhook_url=f"{at.console}/in/{GUESTBOOK}/{keys.address_token}" if keys else None,
            webhook_secret=keys.webhook_secret if keys else None,
            webhook_secret_file=self._secret_file() if keys else None,
            api_url=f"{at.console}/api/v1",
            api_token=api_token,
            metrics_url=at.metrics,
            data_dir=self._data.path,
            found=found,
            is_demo=self._demo,
        )


async def _found(parts: Parts) -> str:
    """What happened while nobody was there; empty at the first start."""
    async with transaction(parts.engine) as connection:
        counted = await connection.execute(
            text("""
                SELECT (SELECT count(*) FROM config_version) > 1
                    OR EXISTS (SELECT FROM engagement) OR EXISTS (SELECT FROM log_record) AS known,
                  (SELECT COALESCE(sum(p.next_offset - COALESCE(c.committed, 0)), 0)
                   FROM log_partition p LEFT JOIN log_claim c ON c.grp = 'triage'
                     AND (c.topic, c.partition) = (p.topic, p.partition)
                   WHERE p.topic = :topic) AS waiting,
                  (SELECT count(*) FROM delivery_attempt WHERE outcome IS NULL) AS under_way,
                  (SELECT count(*) FROM dead_letter
                   WHERE status IN ('open', 'retried')) AS unreadable,
                  held.replies, held.until
                FROM (SELECT count(*) AS replies, max(release_at) AS until FROM decision
                      WHERE status = 'held' AND kind = 'reply') held
                """),
            {"topic": EngagementReceived.topic},
        )
        row = counted.one()
    if not row.known:
        return ""
    balance = await parts.desk().balance()
    return back(
        Found(
            came_meanwhile=int(row.waiting),
            held=row.replies,
            held_seconds=(row.until - parts.clock.now()).total_seconds() if row.replies else 0.0,
            looking_for=row.under_way,
            open=balance.open - balance.unreadable,
            unreadable=row.unreadable,
            missing=await PostgresAuditor(parts.engine).drift(),
        )
    )
