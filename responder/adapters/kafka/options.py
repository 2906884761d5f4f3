"""What can be set about Kafka, and what must hold between the settings.

The numbers are those of `docs/explanation/aiokafka.md`.
"""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from aiokafka.codec import (  # type: ignore[import-untyped]
    has_gzip,
    has_lz4,
    has_snappy,
    has_zstd,
)

from responder.engagement.errors import Misconfigured
from responder.stream.options import Inconsistent

CODECS = {"gzip": has_gzip, "lz4": has_lz4, "snappy": has_snappy, "zstd": has_zstd}

MAX_BATCH_BYTES = 262_144
"""Before compression; by default a batch is full after a dozen comments."""

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(eq=False, kw_only=True)
class UnusableTlsFiles(Misconfigured):
    """The TLS files of Kafka cannot be used ({files}): {why}"""  # noqa: D415 - the reason ends the sentence

    files: str
    why: str


@dataclass(eq=False, kw_only=True)
class MissingCodec(Misconfigured):
    """The library that packs and unpacks {codec} is missing; install aiokafka with its extras."""

    codec: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSecurity:
    """How to reach a broker that asks who we are. Without `ca_file` the system's CAs count."""

    protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    def __post_init__(self) -> None:
        if self.protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise Inconsistent(
                f"security_protocol {self.protocol} needs sasl_username and a sasl password"
            )
        if self.key_file is not None and self.certificate_file is None:
            raise Inconsistent("key_file needs certificate_file")

    def client_arguments(self) -> dict[str, Any]:
        """What every aiokafka client takes about it.

        Raises:
            UnusableTlsFiles: a file is missing, unreadable, or not what its setting says.
        """
        arguments: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.startswith("SASL"):
            arguments |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password,
            }
        if self.protocol.endswith("SSL"):
            arguments["ssl_context"] = self._tls()
        return arguments

    def _tls(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.certificate_file is not None:
                context.load_cert_chain(self.certificate_file, self.key_file)
        except OSError as e:  # ssl.SSLError is one
            files = (self.ca_file, self.certificate_file, self.key_file)
            named = ", ".join(str(f) for f in files if f is not None)
            raise UnusableTlsFiles(files=named, why=e.strerror or str(e)) from e
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaOptions:
    """Where Kafka is and how patient to be with it.

    Topics and groups are named by prefix + our name on the wire, and by our name everywhere else.
    What aiokafka would lose records by is not an option: acknowledgement by all in-sync replicas,
    an idempotent producer, no automatic commit, and the earliest record where nothing is committed
    are fixed in `consumer_arguments` and `producer_arguments`.
    """

    bootstrap_servers: str
    security: KafkaSecurity = field(default_factory=KafkaSecurity)
    topic_prefix: str = ""
    group_prefix: str = ""
    group_instance_id: str | None = None
    """Unique to this process for as long as it lives (a StatefulSet's pod name), or None. A static
    member never says goodbye: after a stop its partitions idle for the session time-out (15)."""

    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000
    rebalance_timeout_ms: int = 35_000
    request_timeout_ms: int = 40_000
    max_poll_interval_ms: int = 600_000
    fetch_min_bytes: int = 1
    """A broker waits for so much before it answers, but no longer than the next: every answer is work
    for it and for us, whether it brings one record or a hundred."""
    fetch_max_wait_ms: int = 100
    max_partition_fetch_bytes: int = 256 * 1024
    linger_ms: int = 5
    compression: Literal["zstd", "lz4", "snappy", "gzip", "none"] = "zstd"

    max_record_bytes: int = 1_048_576
    """With key, headers and the format itself; the brokers refuse more by default."""

    append_timeout_ms: int = 15_000
    commit_timeout_ms: int = 5_000
    connect_timeout_ms: int = 10_000
    close_timeout_ms: int = 5_000
    pause_after_ms: int = 5_000
    queued_bytes: int = 64 * 1024 * 1024
    """Appends that wait for an answer may hold this much; the next one is refused at once."""

    def __post_init__(self) -> None:
        # Whatever we pack with ourselves, others may choose: their batch would be unreadable (18).
        for codec, is_there in CODECS.items():
            if not is_there():
                raise MissingCodec(codec=codec)
        for server in self.bootstrap_servers.split(","):
            host, _, port = server.strip().rpartition(":")
            if not (host and port.isdigit()):
                raise Inconsistent(
                    f"bootstrap_servers must be host:port, with commas, not {server!r}"
                )
        if 3 * self.heartbeat_interval_ms > self.session_timeout_ms:
            raise Inconsistent(
                "heartbeat_interval_ms must be at most session_timeout_ms / 3: "
                f"{self.heartbeat_interval_ms} against {self.session_timeout_ms}"
            )
        # aiokafka cuts JoinGroup, which lasts as long as the slowest member drains (11).
        if self.rebalance_timeout_ms >= self.request_timeout_ms:
            raise Inconsistent(
                "rebalance_timeout_ms must be less than request_timeout_ms: "
                f"{self.rebalance_timeout_ms} is not less than {self.request_timeout_ms}"
            )

    def client_arguments(self) -> dict[str, Any]:
        """For any aiokafka client."""
        return {
            "bootstrap_servers": self.bootstrap_servers,
            "client_id": "responder",
            "request_timeout_ms": self.request_timeout_ms,
            **self.security.client_arguments(),
        }

    def consumer_arguments(self, group: str) -> dict[str, Any]:
        """For `AIOKafkaConsumer`; by default it reads from the end and commits by itself (17)."""
        return {
            **self.client_arguments(),
            "group_id": self.group_prefix + group,
            "group_instance_id": self.group_instance_id,
            "session_timeout_ms": self.session_timeout_ms,
            "heartbeat_interval_ms": self.heartbeat_interval_ms,
            # By default the session time-out: a longer drain would expel the member (11).
            "rebalance_timeout_ms": self.rebalance_timeout_ms,
            "max_poll_interval_ms": self.max_poll_interval_ms,
            "fetch_min_bytes": self.fetch_min_bytes,
            "fetch_max_wait_ms": self.fetch_max_wait_ms,
            "max_partition_fetch_bytes": self.max_partition_fetch_bytes,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "isolation_level": "read_committed",
        }

    def producer_arguments(self) -> dict[str, Any]:
        """For `AIOKafkaProducer`; by default it asks one replica and repeats after a retry."""
        return {
            **self.client_arguments(),
            "acks": "all",
            "enable_idempotence": True,
            "compression_type": None if self.compression == "none" else self.compression,
            "linger_ms": self.linger_ms,
            "max_batch_size": MAX_BATCH_BYTES,
            "max_request_size": self.max_record_bytes,
        }
