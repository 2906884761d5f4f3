"""Each way of not reaching Kafka has its own words, and a secure listener carries records."""

import re
from dataclasses import replace

import pytest

from responder.adapters.kafka.connection import reach
from responder.adapters.kafka.options import KafkaOptions, KafkaSecurity, SaslMechanism
from responder.adapters.kafka.writer import KafkaLogWriter
from responder.stream.log import NewRecord, Unreachable
from responder.testing.kafka import PASSWORD, USER, KafkaCluster
from tests.integration.kafka.kit import Kit, has

pytestmark = pytest.mark.kafka


def secured(kit: Kit, kafka: KafkaCluster, **changes: object) -> KafkaOptions:
    security = KafkaSecurity(
        protocol="SASL_SSL", sasl_username=USER, sasl_password=PASSWORD, ca_file=kafka.ca_file
    )
    return replace(
        kit.options,
        bootstrap_servers=kafka.secure_servers,
        security=replace(security, **changes),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
async def test_records_travel_over_tls_with_a_password(
    own_kafka: KafkaCluster, kit: Kit, mechanism: SaslMechanism
) -> None:
    topic = await kit.topic()
    options = secured(kit, own_kafka, sasl_mechanism=mechanism)
    await kit.writer(options).append([NewRecord(topic, b"k", b"v")])
    await has(await kit.member(topic, options=options), b"v")


async def test_a_wrong_password_a_distrusted_certificate_and_a_wrong_protocol_differ(
    own_kafka: KafkaCluster, kit: Kit
) -> None:
    cases = {
        "refuses our user name or password": secured(kit, own_kafka, sasl_username="nobody"),
        "a certificate that we do not trust": secured(kit, own_kafka, ca_file=None),
        "does not know our sasl_mechanism": secured(kit, own_kafka, sasl_mechanism="SCRAM-SHA-256"),
        "closes the connection": replace(kit.options, bootstrap_servers=own_kafka.secure_servers),
    }
    for words, options in cases.items():
        with pytest.raises(Unreachable, match=words):
            await reach(options)


async def test_a_missing_topic_is_named_and_not_made(kit: Kit) -> None:
    for _ in range(2):
        with pytest.raises(Unreachable, match=r"test-.*nowhere does not exist"):
            await reach(kit.options, ["nowhere"])


async def test_one_broker_of_those_given_is_enough(kit: Kit) -> None:
    servers = f"127.0.0.1:9,{kit.options.bootstrap_servers}"
    await reach(replace(kit.options, bootstrap_servers=servers))


async def test_every_broker_that_fails_is_named_with_its_reason() -> None:
    options = KafkaOptions(bootstrap_servers="127.0.0.1:9,no-such-host.invalid:9092")
    with pytest.raises(Unreachable) as refused:
        await reach(options)
    assert "127.0.0.1:9 refuses the connection" in str(refused.value)
    assert "no-such-host.invalid:9092 is a name that does not resolve" in str(refused.value)


@pytest.mark.parametrize("name", ["kafka..svc", "a" * 64])
async def test_a_name_that_cannot_be_one_fails_as_a_broker_does(name: str) -> None:
    options = KafkaOptions(bootstrap_servers=f"{name}:9092,127.0.0.1:9")
    writer = KafkaLogWriter(replace(options, append_timeout_ms=30_000), fail_fast=True)
    for _ in range(2):
        with pytest.raises(Unreachable, match=f"{re.escape(name)}:9092 is a name that does not"):
            await writer.append([NewRecord("topic", None, b"")])
    await writer.stop()
