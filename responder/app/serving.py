"""Which address serves what, and under which names it answers."""

import socket
from dataclasses import dataclass

from yarl import URL

from responder.access.model import Person, Role
from responder.access.service import Access
from responder.adapters.postgres.people import PostgresPeople
from responder.app import health, roles, tls
from responder.app.parts import Parts
from responder.app.process import Process
from responder.settings import Settings
from responder.settings.rules import is_loopback
from responder.web.server import LOOPBACK_NAMES, application, listen_on

OWNER = "Admin"
"""The first who may sign in; `responder user add` adds others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """How others reach this process; none ends with a slash."""

    console: str
    metrics: str
    guestbook: str
    local_console: str
    """The console as this machine reaches it, whatever proxy stands before it."""
    local_guestbook: str
    hosts: frozenset[str] | None
    """Names that the console answers for; None: any, a proxy checks them."""
    guestbook_hosts: frozenset[str] | None


def addresses(settings: Settings, *, console: int, metrics: int, guestbook: int) -> Addresses:
    """By the settings, and by the ports that were taken."""
    server = settings.server
    scheme = "http" if server.tls_certificate_file is None else "https"
    local = f"{scheme}://127.0.0.1:{console}"
    local_guestbook = f"{scheme}://127.0.0.1:{guestbook}"
    public = None if server.public_url is None else str(server.public_url).rstrip("/")
    public_guestbook = None if server.guestbook_url is None else str(server.guestbook_url)
    return Addresses(
        console=public or local,
        metrics=f"http://127.0.0.1:{metrics}/metrics",
        guestbook=(public_guestbook or local_guestbook).rstrip("/"),
        local_console=local,
        local_guestbook=local_guestbook,
        hosts=_hosts(settings, public),
        guestbook_hosts=_hosts(settings, public_guestbook),
    )


def _hosts(settings: Settings, public: str | None) -> frozenset[str] | None:
    named = frozenset() if public is None else frozenset({URL(public).host or ""})
    if is_loopback(settings.server.bind_address) or named:
        return LOOPBACK_NAMES | named
    return None


async def serve_doors(
    parts: Parts,
    process: Process,
    listening: socket.socket,
    at: Addresses,
    *,
    with_console: bool,
    with_gateway: bool,
    owner: Person | None,
    api_token: str | None,
    demo: bool = False,
) -> None:
    """What people and platforms reach from outside, on one address.

    The API token acts for `owner`; without both there is no API.
    """
    if with_console:
        app = roles.console(
            parts,
            public_url=at.console,
            hosts=at.hosts,
            api_tokens={api_token: owner.id} if owner and api_token else {},
            gateway_url=at.console if with_gateway else "",
            demo=demo,
        )
    else:
        app = application(hosts=at.hosts)
    if with_gateway:
        roles.gateway(parts, process, public_url=at.console).mount(app)
    process.serve(await listen_on(listening, app, tls=tls.serving(parts.settings)))


async def first_admin(parts: Parts) -> Person:
    """Who signs in first; made at the first start."""
    access = Access(store=PostgresPeople(parts.engine), clock=parts.clock, ids=parts.ids)
    admins = [each for each in await access.everybody() if each.role is Role.ADMIN]
    return admins[0] if admins else await access.add(OWNER, Role.ADMIN)


async def serve_metrics(parts: Parts, process: Process, listening: socket.socket) -> None:
    app = health.application(parts.health, parts.metrics)
    process.serve(await listen_on(listening, app))
