"""The settings in the form that each part takes them."""

from datetime import timedelta

from pydantic import SecretStr

from responder.adapters.kafka.options import KafkaOptions, KafkaSecurity
from responder.adapters.kafka.topics import TopicSpec
from responder.engagement.events import TOPICS
from responder.settings import Settings
from responder.stream.options import StreamOptions


def kafka_options(settings: Settings) -> KafkaOptions:
    """For every Kafka client of this process."""
    kafka = settings.kafka
    return KafkaOptions(
        bootstrap_servers=",".join(kafka.bootstrap_servers),
        security=KafkaSecurity(
            protocol=kafka.security_protocol,
            sasl_mechanism=kafka.sasl_mechanism,
            sasl_username=revealed(kafka.sasl_user),
            sasl_password=revealed(kafka.sasl_password),
            ca_file=kafka.ca_file,
            certificate_file=kafka.client_certificate_file,
            key_file=kafka.client_key_file,
        ),
        topic_prefix=kafka.topic_prefix,
        group_prefix=kafka.group_prefix,
        group_instance_id=kafka.group_instance_id,
        session_timeout_ms=kafka.session_timeout_ms,
        heartbeat_interval_ms=kafka.heartbeat_interval_ms,
        rebalance_timeout_ms=kafka.rebalance_timeout_ms,
        request_timeout_ms=kafka.request_timeout_ms,
        max_poll_interval_ms=kafka.max_poll_interval_ms,
        fetch_max_wait_ms=kafka.fetch_max_wait_ms,
        max_partition_fetch_bytes=kafka.max_partition_fetch_bytes,
        linger_ms=kafka.linger_ms,
        compression=kafka.compression,
        append_timeout_ms=kafka.append_timeout_ms,
        commit_timeout_ms=int(settings.stream.commit_timeout * 1000),
        pause_after_ms=int(settings.stream.pause_after * 1000),
    )


def topic_specs(settings: Settings) -> tuple[TopicSpec, ...]:
    """Every topic, as it is made where it is missing."""
    kafka = settings.kafka
    return tuple(
        TopicSpec(
            name=name,
            partitions=kafka.partitions,
            replication=kafka.replication_factor,
            min_insync=kafka.min_insync_replicas,
            retention=timedelta(days=settings.retention.log),
            flush_every_record=kafka.flush_every_record,
        )
        for name in TOPICS
    )


def stream_options(
    settings: Settings, *, concurrency: int | None = None, handler_timeout: float | None = None
) -> StreamOptions:
    """For one consumer; a role may have its own concurrency and time limit."""
    stream = settings.stream
    return StreamOptions(
        concurrency=concurrency or stream.concurrency,
        buffer_records=stream.buffer_records,
        buffer_bytes=stream.buffer_bytes,
        window_records=stream.window_records,
        commit_interval=stream.commit_interval,
        commit_every=stream.commit_every,
        commit_timeout=stream.commit_timeout,
        drain_timeout=stream.drain_timeout,
        cancel_grace=stream.cancel_grace,
        stop_timeout=stream.stop_timeout,
        handler_timeout=handler_timeout or stream.handler_timeout,
        retry_max=stream.retry_max,
        retry_max_age=stream.retry_max_age,
        keepalive=stream.keepalive,
        rebalance_timeout=settings.kafka.rebalance_timeout_ms / 1000,
        max_poll_interval=settings.kafka.max_poll_interval_ms / 1000,
    )


def revealed(secret: SecretStr | None) -> str | None:
    """The secret itself, for the one part that needs it."""
    return None if secret is None else secret.get_secret_value()
