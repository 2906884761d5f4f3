"""Asking a cluster one question before relying on it, and saying plainly why it does not answer.

aiokafka's own bootstrap only logs why a broker was not reached, and waits `request_timeout_ms` for
a topic that does not exist (creating it where the brokers allow that).
"""

import asyncio
import socket
import ssl
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import aiokafka.errors as kafka  # type: ignore[import-untyped]
from aiokafka.conn import collect_hosts, create_conn  # type: ignore[import-untyped]
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]

from responder.adapters.kafka.options import KafkaOptions
from responder.stream.log import Unreachable

STARTING_SECONDS = 0.1
"""A broker that starts answers before it counts as one. aiokafka would take an answer without any
broker for the whole cluster, and its consumer would die of it (trap 20)."""


async def reach(options: KafkaOptions, topics: Collection[str] = ()) -> None:
    """Connect once to any of the brokers and see that the topics (by our names) exist.

    Raises:
        Unreachable: no broker answers, each with its reason (name, TLS, credentials, …), or a
            topic is missing or not ours to use. No connection stays open.
    """
    for topic in await describe(options, topics):
        error = kafka.for_code(topic["error_code"])
        if error is kafka.UnknownTopicOrPartitionError:
            raise Unreachable(f"the topic {topic['topic']} does not exist")
        if error is kafka.TopicAuthorizationFailedError:
            raise Unreachable(f"the topic {topic['topic']} is not ours to use")


async def describe(options: KafkaOptions, topics: Collection[str]) -> Sequence[Mapping[str, Any]]:
    """Each topic's `topic` (its name on the wire), `error_code` and `partitions`, as Kafka tells.

    Raises:
        Unreachable: no broker answers.
    """
    names = [options.topic_prefix + topic for topic in topics]
    why: list[str] = []
    for host, port, _ in collect_hosts(options.bootstrap_servers):
        try:
            async with asyncio.timeout(options.connect_timeout_ms / 1000):
                answer = await _ask(options, host, port, names)
                while not answer["brokers"]:
                    await asyncio.sleep(STARTING_SECONDS)
                    answer = await _ask(options, host, port, names)
        except (OSError, kafka.KafkaError, TimeoutError, UnicodeError) as e:
            why.append(f"{host}:{port} {reason(e)}")
        else:
            described: Sequence[Mapping[str, Any]] = answer["topics"]
            return described
    raise Unreachable("; ".join(why))


async def _ask(options: KafkaOptions, host: str, port: int, topics: list[str]) -> Mapping[str, Any]:
    arguments = options.client_arguments()
    del arguments["bootstrap_servers"]
    connection = await create_conn(host, port, **arguments)
    try:
        question = MetadataRequest(topics, allow_auto_topic_creation=False)
        answer: Mapping[str, Any] = (await connection.send(question)).to_object()
    finally:
        with suppress(kafka.KafkaError, OSError):
            await connection.close()
    return answer


def reason(error: BaseException) -> str:
    """Why a broker could not be reached, for a person; without user names or secrets."""
    for kind, words in _REASONS:
        if isinstance(error, kind):
            return words
    detail = error.strerror if isinstance(error, OSError) else None
    return f"fails: {detail or type(error).__name__}"


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "is a name that does not resolve"),
    (UnicodeError, "is a name that does not resolve"),  # an empty label, or one that is too long
    (ssl.SSLCertVerificationError, "has a certificate that we do not trust (see ca_file)"),
    (ssl.SSLError, "does not speak TLS as we do (see security_protocol)"),
    (ConnectionRefusedError, "refuses the connection"),
    (ConnectionError, "closes the connection (see security_protocol)"),
    (TimeoutError, "does not answer in time"),
    (kafka.SaslAuthenticationFailed, "refuses our user name or password"),
    (kafka.UnsupportedSaslMechanismError, "does not know our sasl_mechanism"),
    (kafka.IllegalSaslStateError, "refuses to authenticate (see security_protocol)"),
    (kafka.KafkaConnectionError, "closes the connection (see security_protocol)"),
    (kafka.GroupAuthorizationFailedError, "does not let us join the consumer group"),
    (kafka.TopicAuthorizationFailedError, "does not let us use the topic"),
)
