"""Which addresses a URL from outside may lead to.

`ipaddress.is_global` alone is not enough: on Python 3.11 it lets through NAT64, 6to4, multicast and
more, and each of those can reach this machine or its network.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052. Allowed by listing it; the IPv4 address inside must then pass by itself."""
_NOT_PUBLIC_4 = tuple(ip_network(net) for net in ("192.88.99.0/24", "192.0.0.0/24"))
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


def may_connect(host: str, allowed: Iterable[Network] = ()) -> bool:
    """Is this numeric address public, or in a network that the operator allowed?"""
    try:
        address = _plain(ip_address(host.partition("%")[0]))
    except ValueError:
        return False
    networks = tuple(allowed)
    if NAT64 in networks and isinstance(address, IPv6Address) and address in NAT64:
        inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        return _is_public(inner) or _is_in(inner, networks)
    return _is_public(address) or _is_in(address, networks)


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == net.version and address in net for net in networks)


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv4Address):
        return not _is_in(address, _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not _is_in(address, _NOT_PUBLIC_6)
