"""Which log the settings choose, and how it is opened."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import asyncpg
from pydantic import SecretStr

from responder.adapters.kafka.log import KafkaLog
from responder.adapters.kafka.options import KafkaOptions, KafkaSecurity
from responder.adapters.kafka.topics import KafkaTopics, TopicSpec
from responder.adapters.kafka.writer import KafkaLogWriter
from responder.adapters.postgres.failures import FAILED
from responder.adapters.postgres.log.consumer import PostgresLog
from responder.adapters.postgres.log.membership import LogTiming
from responder.adapters.postgres.log.topics import create_topics, known_topics, prune
from responder.adapters.postgres.log.writer import PostgresLogWriter
from responder.engagement.errors import Unavailable
from responder.engagement.events import TOPICS
from responder.engagement.ports import Clock, Ids
from responder.settings import Settings
from responder.stream.log import Log, LogWriter


class Logs:
    """Opens consumers and writers of the chosen log."""

    def __init__(self, settings: Settings, *, database_url: str, clock: Clock, ids: Ids) -> None:
        self._settings = settings
        self._url = database_url
        self._clock = clock
        self._ids = ids

    @property
    def is_kafka(self) -> bool:
        return self._settings.log.backend == "kafka"

    def consumer(self, *, is_hurried: bool = True) -> Log:
        """A fresh client; nothing is opened before its `start`.

        Who is in no hurry is given more at once, and asks the brokers more rarely.
        """
        if self.is_kafka:
            options = kafka_options(self._settings)
            return KafkaLog(options if is_hurried else _unhurried(options), clock=self._clock)
        lease = self._settings.log.lease
        timing = LogTiming(lease=lease, renew=lease / 3, margin=lease * 4 / 15)
        return PostgresLog(self._url, clock=self._clock, ids=self._ids, timing=timing)

    def writer(self, *, append_seconds: float | None = None) -> LogWriter:
        """For the gateway with its own, short limit; it then refuses at once while Kafka is away."""
        if self.is_kafka:
            options = kafka_options(self._settings, append_seconds=append_seconds)
            return KafkaLogWriter(options, fail_fast=append_seconds is not None)
        limit = append_seconds or self._settings.kafka.append_timeout_ms / 1000
        return PostgresLogWriter(self._url, clock=self._clock, append_seconds=limit)

    async def missing_topics(self) -> Sequence[str]:
        """What `create_topics` would make, by the names that they have in the log.

        Raises:
            Unreachable: Kafka cannot be asked.
        """
        if self.is_kafka:
            return await KafkaTopics(kafka_options(self._settings)).missing(TOPICS)
        connection = await asyncpg.connect(self._url)
        try:
            known = await known_topics(connection)
        finally:
            await connection.close()
        return [topic for topic in TOPICS if topic not in known]

    async def create_topics(self) -> Sequence[str]:
        """Make what is missing, and say what that was. The database has its schema.

        Raises:
            Unreachable, TopicRefused: the log is away, or we may not.
        """
        missing = await self.missing_topics()
        if self.is_kafka:
            await KafkaTopics(kafka_options(self._settings)).apply(topic_specs(self._settings))
            return missing
        connection = await asyncpg.connect(self._url)
        try:
            await create_topics(connection, dict.fromkeys(TOPICS, self._settings.log.partitions))
        finally:
            await connection.close()
        return missing

    async def prune(self) -> int:
        """Let records go that everybody has read and that are old; Kafka does that itself.

        Raises:
            Unavailable: the database is away; what was removed until then stays removed.
        """
        if self.is_kafka:
            return 0
        try:
            connection = await asyncpg.connect(self._url)
            try:
                return await prune(connection, timedelta(days=self._settings.retention.log))
            finally:
                await connection.close()
        except FAILED as error:
            raise Unavailable(what="the log", why=type(error).__name__) from error


def topic_specs(settings: Settings) -> list[TopicSpec]:
    kafka = settings.kafka
    return [
        TopicSpec(
            name=topic,
            partitions=kafka.partitions,
            replication=kafka.replication_factor,
            min_insync=kafka.min_insync_replicas,
            retention=timedelta(days=settings.retention.log),
            flush_every_record=kafka.flush_every_record,
        )
        for topic in TOPICS
    ]


def kafka_options(settings: Settings, *, append_seconds: float | None = None) -> KafkaOptions:
    kafka = settings.kafka
    return KafkaOptions(
        bootstrap_servers=",".join(kafka.bootstrap_servers),
        security=KafkaSecurity(
            protocol=kafka.security_protocol,
            sasl_mechanism=kafka.sasl_mechanism,
            sasl_username=_revealed(kafka.sasl_user),
            sasl_password=_revealed(kafka.sasl_password),
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
        fetch_min_bytes=kafka.fetch_min_bytes,
        fetch_max_wait_ms=kafka.fetch_max_wait_ms,
        max_partition_fetch_bytes=kafka.max_partition_fetch_bytes,
        linger_ms=kafka.linger_ms,
        compression=kafka.compression,
        append_timeout_ms=kafka.append_timeout_ms
        if append_seconds is None
        else int(append_seconds * 1000),
        commit_timeout_ms=int(settings.stream.commit_timeout * 1000),
        pause_after_ms=int(settings.stream.pause_after * 1000),
    )


def _unhurried(options: KafkaOptions) -> KafkaOptions:
    return replace(options, fetch_min_bytes=65_536, fetch_max_wait_ms=500)


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
