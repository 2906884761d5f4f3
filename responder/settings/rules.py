"""What must hold between two settings. A violation names both and stops the start."""

from collections.abc import Iterator
from ipaddress import ip_address

from responder.settings.tree import Tree

BUFFER_PER_WORKER = 20
"""With five a worker and six partitions throughput halved: the buffer held keys already busy."""


def violations(settings: Tree) -> Iterator[str]:
    yield from _stream(settings)
    yield from _kafka(settings)
    yield from _time(settings)
    yield from _exposure(settings)


def _stream(settings: Tree) -> Iterator[str]:
    stream, kafka = settings.stream, settings.kafka
    least = BUFFER_PER_WORKER * stream.concurrency
    if stream.buffer_records < least:
        yield (
            f"stream.buffer_records ({stream.buffer_records}) must be at least"
            f" {BUFFER_PER_WORKER} x stream.concurrency ({least})"
        )
    letting_go = 2 * stream.commit_timeout + stream.drain_timeout + stream.cancel_grace
    if letting_go >= kafka.rebalance_timeout_ms / 1000:
        yield (
            f"2 x stream.commit_timeout + stream.drain_timeout + stream.cancel_grace"
            f" ({letting_go:g} s) must be less than kafka.rebalance_timeout_ms"
            f" ({kafka.rebalance_timeout_ms})"
        )
    stopping = stream.commit_timeout + stream.drain_timeout + stream.cancel_grace
    if stopping >= stream.stop_timeout:
        yield (
            f"stream.drain_timeout + stream.cancel_grace + stream.commit_timeout"
            f" ({stopping:g} s) must be less than stream.stop_timeout ({stream.stop_timeout:g} s)"
        )
    if stream.keepalive > kafka.max_poll_interval_ms / 10_000:
        yield (
            f"stream.keepalive ({stream.keepalive:g} s) must be at most a tenth of"
            f" kafka.max_poll_interval_ms ({kafka.max_poll_interval_ms})"
        )


def _kafka(settings: Tree) -> Iterator[str]:
    kafka = settings.kafka
    if settings.log.backend == "kafka" and not kafka.bootstrap_servers:
        yield "log.backend is kafka, so kafka.bootstrap_servers must name a broker"
    if kafka.heartbeat_interval_ms * 3 > kafka.session_timeout_ms:
        yield (
            f"kafka.heartbeat_interval_ms ({kafka.heartbeat_interval_ms}) must be at most a third"
            f" of kafka.session_timeout_ms ({kafka.session_timeout_ms})"
        )
    if kafka.rebalance_timeout_ms >= kafka.request_timeout_ms:
        yield (
            f"kafka.rebalance_timeout_ms ({kafka.rebalance_timeout_ms}) must be less than"
            f" kafka.request_timeout_ms ({kafka.request_timeout_ms})"
        )
    if kafka.min_insync_replicas > kafka.replication_factor:
        yield (
            f"kafka.min_insync_replicas ({kafka.min_insync_replicas}) must be at most"
            f" kafka.replication_factor ({kafka.replication_factor})"
        )
    yield from _kafka_credentials(settings)


def _kafka_credentials(settings: Tree) -> Iterator[str]:
    kafka = settings.kafka
    if kafka.security_protocol.startswith("SASL") and not (kafka.sasl_user and kafka.sasl_password):
        yield (
            f"kafka.security_protocol is {kafka.security_protocol}, so kafka.sasl_user and"
            " kafka.sasl_password must be set"
        )
    if (kafka.client_certificate_file is None) != (kafka.client_key_file is None):
        yield "kafka.client_certificate_file and kafka.client_key_file only work together"


def _time(settings: Tree) -> Iterator[str]:
    inbox, retention = settings.inbox, settings.retention
    if inbox.renew * 3 > inbox.lease:
        yield (
            f"inbox.renew ({inbox.renew:g} s) must be at most a third of"
            f" inbox.lease ({inbox.lease:g} s)"
        )
    if inbox.retention <= retention.log + retention.dead_letters:
        yield (
            f"inbox.retention ({inbox.retention} days) must be more than"
            f" retention.log + retention.dead_letters"
            f" ({retention.log + retention.dead_letters} days), or a retried event counts twice"
        )
    if settings.drafting.concurrency_min > settings.drafting.concurrency_max:
        yield "drafting.concurrency_min must be at most drafting.concurrency_max"


def _exposure(settings: Tree) -> Iterator[str]:
    server = settings.server
    if (server.tls_certificate_file is None) != (server.tls_key_file is None):
        yield "server.tls_certificate_file and server.tls_key_file only work together"
    if not is_loopback(server.bind_address) and not _is_private_on_the_way(settings):
        yield (
            f"server.bind_address ({server.bind_address}) is open to other machines over plain"
            " HTTP: set server.tls_certificate_file and server.tls_key_file; or behind a proxy"
            " that speaks HTTPS, server.public_url and server.behind_proxy; or in a closed"
            " network server.allow_plain_http"
        )


def _is_private_on_the_way(settings: Tree) -> bool:
    server = settings.server
    behind_proxy = (
        server.public_url is not None
        and server.public_url.scheme == "https"
        and server.behind_proxy
    )
    return server.tls_certificate_file is not None or behind_proxy or server.allow_plain_http


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach it. A name other than `localhost` counts as open."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
