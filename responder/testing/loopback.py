"""The real HTTP client, allowed to reach servers of this machine."""

from ipaddress import ip_network
from urllib.parse import urlsplit

from responder.adapters.http import GuardedHttp
from responder.adapters.system import SystemClock
from responder.engagement.ports import Clock


def loopback_http(*urls: str, clock: Clock | None = None) -> GuardedHttp:
    """A client that may call exactly the ports of these URLs on 127.0.0.0/8."""
    ports = [port for url in urls if (port := urlsplit(url).port) is not None]
    return GuardedHttp(
        clock=clock or SystemClock(),
        user_agent="Responder/test",
        networks=[ip_network("127.0.0.0/8")],
        ports=ports,
    )
