from pathlib import Path

import pytest

from responder.adapters.kafka.options import KafkaOptions, KafkaSecurity, UnusableTlsFiles
from responder.stream.options import Inconsistent

SECRET = "a fixed one for the test"  # noqa: S105


def test_a_drain_must_fit_into_a_request() -> None:
    with pytest.raises(Inconsistent, match=r"rebalance_timeout_ms.*request_timeout_ms"):
        KafkaOptions(
            bootstrap_servers="k:9092", rebalance_timeout_ms=40_000, request_timeout_ms=40_000
        )


def test_a_session_holds_three_heartbeats() -> None:
    with pytest.raises(Inconsistent, match=r"heartbeat_interval_ms.*session_timeout_ms"):
        KafkaOptions(
            bootstrap_servers="k:9092", session_timeout_ms=6_000, heartbeat_interval_ms=2_001
        )


@pytest.mark.parametrize("servers", ["", "kafka", "kafka:", "kafka:port", "kafka:9092,", ":9092"])
def test_servers_are_named_with_host_and_port(servers: str) -> None:
    with pytest.raises(Inconsistent, match="host:port"):
        KafkaOptions(bootstrap_servers=servers)


@pytest.mark.parametrize(("name", "password"), [(None, SECRET), ("responder", None), ("", "")])
def test_sasl_needs_a_name_and_a_password(name: str | None, password: str | None) -> None:
    with pytest.raises(Inconsistent, match="SASL_SSL needs"):
        KafkaSecurity(protocol="SASL_SSL", sasl_username=name, sasl_password=password)


def test_a_password_is_not_shown() -> None:
    security = KafkaSecurity(protocol="SASL_SSL", sasl_username="responder", sasl_password=SECRET)
    assert SECRET not in repr(KafkaOptions(bootstrap_servers="k:9092", security=security))


def test_tls_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    security = KafkaSecurity(protocol="SSL", ca_file=tmp_path / "missing.pem")
    with pytest.raises(UnusableTlsFiles, match=r"missing\.pem"):
        security.client_arguments()


def test_what_would_lose_records_cannot_be_set() -> None:
    """aiokafka's own defaults acknowledge early, commit by themselves, and skip to the end."""
    options = KafkaOptions(bootstrap_servers="k:9092")
    producer, consumer = options.producer_arguments(), options.consumer_arguments("group")
    assert (producer["acks"], producer["enable_idempotence"]) == ("all", True)
    assert (consumer["enable_auto_commit"], consumer["auto_offset_reset"]) == (False, "earliest")
