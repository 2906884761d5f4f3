from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.adapters.addresses import may_connect

LEADS_INSIDE = [
    "0.0.0.0",  # noqa: S104 - reached for, not bound
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "203.0.113.5",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "::ffff:1.1.1.1", "2606:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize("address", LEADS_INSIDE)
def test_an_address_that_leads_inside_is_refused(address: str) -> None:
    assert not may_connect(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert may_connect(address)


def test_an_allowed_network_opens_itself_and_nothing_else() -> None:
    own = [ip_network("10.0.0.0/24")]
    assert may_connect("10.0.0.7", own)
    assert may_connect("::ffff:10.0.0.7", own)
    assert not may_connect("10.0.1.7", own)


def test_behind_nat64_the_address_inside_decides() -> None:
    nat64 = [ip_network("64:ff9b::/96")]
    assert may_connect("64:ff9b::101:101", nat64)
    assert not may_connect("64:ff9b::7f00:1", nat64)


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="fc00::/7"))
def test_no_private_address_is_public_in_any_spelling(address: object) -> None:
    assert not may_connect(str(address))
