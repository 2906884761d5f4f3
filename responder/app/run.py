"""Chosen roles in this process, over an external PostgreSQL and log: what `responder run` runs."""

import socket
from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from responder.app.data_folder import configuration_file
from responder.app.garbage import spare_what_is_loaded
from responder.app.keys import EnvironmentKeys
from responder.app.opening import open_parts
from responder.app.parts import Parts
from responder.app.process import Process, end, until
from responder.app.reloading import reload
from responder.app.roles import STAGES, listen_for_allowances
from responder.app.serving import addresses, first_admin, serve_doors, serve_metrics
from responder.app.signals import Signals
from responder.app.sockets import bind, port_of
from responder.engagement.errors import Misconfigured
from responder.settings import Settings


@dataclass(eq=False, kw_only=True)
class NoDatabase(Misconfigured):
    """Roles need a PostgreSQL of their own: set RESPONDER_DATABASE__URL (or use: responder up)."""


async def run_roles(
    settings: Settings,
    environ: Mapping[str, str],
    roles: Collection[str],
    *,
    say: Callable[[str], None],
) -> int:
    """Run until SIGINT or SIGTERM, and give the exit code."""
    if settings.database.url is None:
        raise NoDatabase
    signals = Signals()
    signals.listen()
    async with AsyncExitStack() as stack:
        metrics = bind(
            settings.metrics.bind_address or settings.server.bind_address,
            _metrics_port(settings),
        )
        stack.callback(metrics.close)
        door = _door(stack, settings, roles)
        parts = await open_parts(
            stack,
            settings,
            database_url=settings.database.url.get_secret_value(),
            configuration_file=configuration_file(settings, environ),
            keys=EnvironmentKeys(settings.source, settings.webhook),
            guestbook_url=None,
            migrates=False,
        )
        process = Process(parts.health, stop_seconds=settings.stream.stop_timeout)
        stack.push_async_callback(process.stop)
        process.background(signals.reload_with(partial(reload, parts, say)))
        for name, add in STAGES.items():
            if name in roles:
                add(parts, process)
        listen_for_allowances(parts, process)
        where = "" if door is None else await _open(door, parts, process, roles, port_of(metrics))
        await serve_metrics(parts, process, metrics)
        await process.start()
        spare_what_is_loaded()
        say(f"Running {', '.join(sorted(roles))}{where}; metrics at port {port_of(metrics)}.")
        was_asked = await until(signals.stop, process)
        say("Stopping …")
    return end(process, was_asked=was_asked, say=say)


def _door(
    stack: AsyncExitStack, settings: Settings, roles: Collection[str]
) -> socket.socket | None:
    """Where it is reached from outside, if anything of that was chosen."""
    if not {"console", "gateway"} & set(roles):
        return None
    door = bind(settings.server.bind_address, settings.server.port)
    stack.callback(door.close)
    return door


async def _open(
    door: socket.socket,
    parts: Parts,
    process: Process,
    roles: Collection[str],
    metrics_port: int,
) -> str:
    """Serve there; says where."""
    settings = parts.settings
    at = addresses(settings, console=port_of(door), metrics=metrics_port, guestbook=0)
    token = settings.api.token
    await serve_doors(
        parts,
        process,
        door,
        at,
        with_console="console" in roles,
        with_gateway="gateway" in roles,
        owner=await first_admin(parts) if "console" in roles else None,
        api_token=None if token is None else token.get_secret_value(),
    )
    return f" at {at.local_console}"


def _metrics_port(settings: Settings) -> int:
    if settings.metrics.port is not None:
        return settings.metrics.port
    return settings.server.port and settings.server.port + 1
