"""The embedded server, really started, and really killed."""

import asyncio
import os
import random
import signal
import stat
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from typing_extensions import override

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.embedded.account import unprivileged
from responder.adapters.postgres.embedded.errors import (
    ClosedParent,
    FolderInUse,
    FolderUnusable,
    OtherVersion,
    ServerFailed,
)
from responder.adapters.postgres.embedded.process import command_line
from responder.adapters.postgres.embedded.programs import installed
from responder.adapters.system import SystemClock
from tests.integration.postgres.conftest import MakeServer, Run, processes_of

BeginRun = Callable[[Path], Awaitable[Run]]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it under another account")


async def ask(dsn: Dsn, question: str) -> object:
    connection = await asyncpg.connect(dsn.url())
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def do(dsn: Dsn, statement: str) -> None:
    connection = await asyncpg.connect(dsn.url())
    await connection.execute(statement)
    await connection.close()


def names(folder: Path, pattern: str = "*") -> list[str]:
    return [path.name for path in folder.glob(pattern)]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_first_start_gives_a_durable_database_that_others_cannot_enter(
    place: Path, make_server: MakeServer
) -> None:
    dsn = await make_server(durable=True).start()
    settings = [
        await ask(dsn, f"SELECT current_setting('{name}')")
        for name in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
    ]
    assert settings == ["on", "on", "on", ""]
    assert await ask(dsn, "SELECT current_database()") == "responder"
    data = place / "data"
    assert [mode(data), mode(data / "postgres"), mode(data / "postgres" / "cluster")] == [0o700] * 3
    assert mode(data / "postgres" / "password") == 0o600
    assert mode(data / "postgres" / ".s.PGSQL.5432") == 0o700


async def test_a_stopped_server_starts_again_with_what_it_held(make_server: MakeServer) -> None:
    server = make_server()
    await do(await server.start(), "CREATE TABLE kept AS SELECT 7 AS n")
    await server.stop()
    await server.stop()
    assert await ask(await server.start(), "SELECT n FROM kept") == 7


async def test_stop_leaves_no_process_behind(place: Path, make_server: MakeServer) -> None:
    server = make_server()
    await server.start()
    cluster = place / "data" / "postgres" / "cluster"
    running = processes_of(cluster)
    assert running
    for process in running:
        process.close()
    await server.stop()
    assert processes_of(cluster) == []


@pytest.mark.fault(14)
async def test_a_postmaster_that_is_killed_comes_back_at_the_same_place(
    make_server: MakeServer,
) -> None:
    server = make_server()
    dsn = await server.start()
    supervising = asyncio.create_task(server.supervise())
    await do(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(60):
        while server.pid in {first, None}:  # noqa: ASYNC110 - no event tells us
            await asyncio.sleep(0.05)
    assert await ask(dsn, "SELECT n FROM kept") == 7
    supervising.cancel()
    with suppress(asyncio.CancelledError):
        await supervising


@pytest.mark.fault(14)
async def test_backends_that_outlive_their_postmaster_do_not_keep_the_next_one_out(
    make_server: MakeServer,
) -> None:
    server = make_server()
    dsn = await server.start()
    busy = await asyncpg.connect(dsn.url())
    working = asyncio.create_task(
        # Burns time without ever looking whether its postmaster lives.
        busy.execute("SELECT count(*) FROM generate_series(1, 1000000000)")
    )
    await asyncio.sleep(0)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.stop()
    assert await ask(await server.start(), "SELECT 1") == 1
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await working
    await busy.close()


@pytest.mark.fault(14)
async def test_a_run_that_is_killed_is_followed_by_one_that_takes_its_server_over(
    place: Path, make_server: MakeServer, begin_run: BeginRun
) -> None:
    run = await begin_run(place / "data")
    survivor = int(await run.line())
    run.kill()
    steps: list[str] = []
    server = make_server()
    dsn = await server.start(lambda progress: steps.append(progress.step))
    assert "taking over" in steps
    assert server.pid == survivor
    assert await ask(dsn, "SELECT 1") == 1
    await server.stop()
    assert command_line(survivor) == []


async def test_a_survivor_with_other_settings_is_started_anew(
    place: Path, make_server: MakeServer, begin_run: BeginRun
) -> None:
    run = await begin_run(place / "data")
    survivor = int(await run.line())
    run.kill()
    server = make_server(settings={"max_connections": "42"})
    dsn = await server.start()
    assert await ask(dsn, "SELECT current_setting('max_connections')") == "42"
    assert server.pid != survivor


@pytest.mark.parametrize("everything", [False, True], ids=["our group", "initdb too"])
@pytest.mark.fault(14)
async def test_a_kill_in_the_first_second_leaves_a_folder_that_starts(
    place: Path, make_server: MakeServer, begin_run: BeginRun, *, everything: bool
) -> None:
    """Whether `initdb`, which has a session of its own, dies with us or goes on."""
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    for n in range(3):
        folder = place / f"data-{n}"
        run = await begin_run(folder)
        await asyncio.sleep(chance.uniform(0.0, 0.9))
        run.kill()
        if everything:
            kill_whatever_names(folder)
        server = make_server(folder)
        assert await ask(await server.start(), "SELECT 1") == 1
        await server.stop()
        assert names(folder, "*.new-*") == []


def kill_whatever_names(folder: Path) -> None:
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and str(folder) in (entry / "cmdline").read_text():
                os.kill(int(entry.name), signal.SIGKILL)


@pytest.mark.fault(14)
async def test_a_second_start_is_refused_with_the_holders_pid(
    place: Path, make_server: MakeServer, begin_run: BeginRun
) -> None:
    run = await begin_run(place / "data")
    await run.line()
    with pytest.raises(FolderInUse) as refused:
        await make_server().start()
    assert refused.value.pid == run.pid
    assert str(run.pid) in str(refused.value)


@pytest.mark.fault(14)
async def test_a_pid_file_with_the_number_of_a_stranger_confuses_nobody(
    place: Path, make_server: MakeServer
) -> None:
    server = make_server()
    await server.start()
    file = place / "data" / "postgres" / "cluster" / "postmaster.pid"
    left_behind = file.read_text().split("\n")
    await server.stop()
    account = unprivileged(None)
    stranger = subprocess.Popen(["sleep", "60"], user=account.uid if account else None)  # noqa: ASYNC220, S607
    try:
        file.write_text("\n".join([str(stranger.pid), *left_behind[1:]]))
        assert await ask(await server.start(), "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_ctrl_c_at_the_terminal_does_not_reach_the_server(
    place: Path, begin_run: BeginRun, make_server: MakeServer
) -> None:
    run = await begin_run(place / "data")
    postmaster = int(await run.line())
    run.signal_group(signal.SIGINT)
    assert await run.line() == ""  # the run has ended
    run.kill()
    server = make_server()
    await server.start()
    assert server.pid == postmaster


async def test_a_folder_that_was_there_keeps_its_mode(place: Path, make_server: MakeServer) -> None:
    data = place / "data"
    data.mkdir()
    data.chmod(0o755)
    await make_server().start()
    assert (mode(place), mode(data), mode(data / "postgres")) == (0o755, 0o755, 0o700)


async def test_missing_parents_are_made(place: Path, make_server: MakeServer) -> None:
    server = make_server(place / "share" / "state" / "responder")
    assert await ask(await server.start(), "SELECT 1") == 1


async def test_where_no_socket_path_fits_it_listens_on_loopback_with_a_password(
    place: Path, make_server: MakeServer
) -> None:
    deep = place / ("d" * 100)
    server = make_server(deep)
    dsn = await server.start()
    assert dsn.host == "127.0.0.1"
    assert await ask(dsn, "SELECT 1") == 1
    assert dsn.password is not None
    assert dsn.password not in repr(dsn)
    without = Dsn(dsn.host, dsn.port, dsn.user, dsn.database, "guessed")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(without, "SELECT 1")


async def test_a_folder_with_something_else_in_it_is_refused(
    place: Path, make_server: MakeServer
) -> None:
    mine = place / "data" / "postgres"
    mine.mkdir(parents=True)
    (mine / "thesis.txt").write_text("of somebody")
    with pytest.raises(FolderUnusable):
        await make_server().start()
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


async def test_a_file_in_the_way_is_refused(place: Path, make_server: MakeServer) -> None:
    (place / "data").write_text("no folder")
    with pytest.raises(FolderUnusable):
        await make_server().start()


async def test_another_versions_cluster_is_refused_and_let_go(
    place: Path, make_server: MakeServer
) -> None:
    server = make_server()
    await server.start()
    await server.stop()
    version = place / "data" / "postgres" / "cluster" / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(OtherVersion) as refused:
        await server.start()
    assert (refused.value.found, refused.value.expected) == ("16", "18")
    version.write_text("18\n")
    assert await ask(await server.start(), "SELECT 1") == 1


async def test_a_server_that_fails_says_why_and_lets_the_folder_go(
    make_server: MakeServer,
) -> None:
    with pytest.raises(ServerFailed, match="shared_buffers"):
        await make_server(settings={"shared_buffers": "plenty"}).start()
    assert await ask(await make_server().start(), "SELECT 1") == 1


class HastyClock(SystemClock):
    """A thousand times as fast, so that a short recovery takes long enough to be told of."""

    @override
    def monotonic(self) -> float:
        return super().monotonic() * 1000


async def test_a_recovery_is_told_of_while_it_lasts(make_server: MakeServer) -> None:
    server = make_server(clock=HastyClock())
    dsn = await server.start()
    await do(dsn, "CREATE TABLE much AS SELECT generate_series(1, 400000) AS n")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.stop()
    steps: list[str] = []
    dsn = await server.start(lambda progress: steps.append(progress.step))
    assert await ask(dsn, "SELECT count(*) FROM much") == 400_000
    assert "recovering" in steps


@as_root
async def test_as_root_the_server_does_not_run_as_root(
    place: Path, make_server: MakeServer
) -> None:
    server = make_server()
    await server.start()
    owner = owner_of(Path(f"/proc/{server.pid}"))
    assert owner != 0
    assert owner_of(place / "data") == owner
    assert groups_of(server.pid) == []


def owner_of(path: Path) -> int:
    return path.stat().st_uid


def groups_of(pid: int | None) -> list[str]:
    (line,) = (
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("Groups:")
    )
    return line.split()[1:]


@as_root
async def test_as_root_a_folder_below_a_closed_parent_is_refused_with_the_remedy(
    place: Path, make_server: MakeServer
) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ClosedParent) as refused:
        await make_server(closed / "data").start()
    assert refused.value.closed == closed
    assert f"chmod o+x {closed}" in str(refused.value)
    assert mode(closed) == 0o700
    assert list(closed.iterdir()) == []


@as_root
async def test_as_root_programs_that_its_account_cannot_read_are_copied(
    place: Path, make_server: MakeServer
) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    hidden = installed().copy_below(closed, "x", durable=False)
    steps: list[str] = []
    server = make_server(programs=hidden)
    dsn = await server.start(lambda progress: steps.append(progress.step))
    assert "copying" in steps
    assert await ask(dsn, "SELECT 1") == 1
    assert names(place / "data", "programs-*") == [f"programs-{hidden.version}"]
    await server.stop()
    steps.clear()
    await make_server(programs=hidden).start(lambda progress: steps.append(progress.step))
    assert mode(closed) == 0o700
