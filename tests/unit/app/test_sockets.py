"""Ports are bound before anything else starts, or refused with who holds them."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from responder.app.sockets import CannotListen, PortInUse, bind, bind_all, holder_of, port_of
from responder.settings import Settings


@pytest.fixture
def held() -> Iterator[int]:
    """A port that this very process holds."""
    with closing(bind("127.0.0.1", 0)) as listening:
        yield port_of(listening)


def test_a_port_in_use_names_its_holder_and_the_way_out(held: int) -> None:
    with pytest.raises(PortInUse) as refused:
        bind("127.0.0.1", held)
    said = str(refused.value)
    assert f"process {os.getpid()}" in said
    assert "--port 0" in said


def test_nobody_holds_a_port_that_is_free() -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        assert holder_of(bound.getsockname()[1]) is None


def test_three_free_ports_are_taken_when_none_is_chosen() -> None:
    sockets = bind_all(Settings.model_validate({"server": {"port": 0}}))
    ports = {port_of(each) for each in (sockets.console, sockets.metrics, sockets.guestbook)}
    sockets.close()
    assert len(ports) == 3
    assert 0 not in ports


def test_nothing_stays_bound_when_one_port_is_in_use(held: int) -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        free = bound.getsockname()[1]
    chosen = {"server": {"port": free, "guestbook_port": held}, "metrics": {"port": 0}}
    with pytest.raises(PortInUse):
        bind_all(Settings.model_validate(chosen))
    bind("127.0.0.1", free).close()


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1, port 0"):
        bind("192.0.2.1", 0)
