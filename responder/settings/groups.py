"""The settings of each part, with defaults that hold for a small installation.

The docstring under a setting is its entry in the reference. A rule between two settings stands in
`responder.settings.rules`.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from responder.settings.units import (
    Bytes,
    Count,
    Days,
    Milliseconds,
    Name,
    Names,
    Origin,
    Port,
    Seconds,
)


class Group(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )


class Server(Group):
    """Where people and platforms reach this process."""

    bind_address: Name = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=8080, ge=0, le=65_533)
    """Console, API and `/in/…`; 0 takes a free one."""
    guestbook_port: Port | None = None
    """The guestbook, an origin of its own; by default two above `port`, or a free one."""
    public_url: Origin | None = None
    """Under which address others reach this server; every printed link begins with it."""
    guestbook_url: Origin | None = None
    """The same for the guestbook."""
    behind_proxy: bool = False
    """A reverse proxy is in front and speaks HTTPS, and nobody else can reach the port."""
    tls_certificate_file: Path | None = None
    """PEM certificate chain; with `tls_key_file` the server speaks HTTPS itself."""
    tls_key_file: Path | None = None
    """PEM private key of the certificate."""
    allow_plain_http: bool = False
    """Speak HTTP without encryption to other machines: only in a network that is closed."""


class Metrics(Group):
    """Metrics and probes, on a port of their own."""

    bind_address: Name | None = None
    """The address to listen on; by default that of the server."""
    port: Port | None = None
    """`/metrics`, `/livez` and `/readyz`; by default the one above `server.port`, or a free one."""
    sample_interval: Seconds = 5.0
    """How often figures are read from the ledger."""


class Data(Group):
    """What one machine keeps on its own disk."""

    dir: Path | None = None
    """The data folder; by default the user's data directory, as root `/var/lib/responder`."""


class Database(Group):
    """PostgreSQL, the truth."""

    url: SecretStr | None = None
    """`postgresql://user:password@host/name`; without it `responder up` starts its own server."""
    pool_size: Count = 10
    """Connections of one process."""


class Log(Group):
    """The log that carries events between the stages."""

    backend: Literal["postgres", "kafka"] = "postgres"
    """Where the log is kept."""
    partitions: Count = 6
    """Partitions of a topic of the log in PostgreSQL, when it is made."""
    lease: Seconds = 15.0
    """For how long a member owns its partitions of the log in PostgreSQL; renewed at a third."""


class Kafka(Group):
    """Apache Kafka, when `log.backend` is `kafka`."""

    bootstrap_servers: Names = ()
    """`host:port` of some brokers; with commas."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How brokers are spoken to."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How we prove who we are, with SASL."""
    sasl_user: SecretStr | None = None
    """The user, with SASL."""
    sasl_password: SecretStr | None = None
    """The password, with SASL."""
    ca_file: Path | None = None
    """PEM certificates of the authority that signed the brokers'; by default the system's."""
    client_certificate_file: Path | None = None
    """PEM certificate that shows who we are, with TLS."""
    client_key_file: Path | None = None
    """PEM private key of that certificate."""
    topic_prefix: str = ""
    """Topics are named by it and our own name."""
    group_prefix: str = ""
    """Consumer groups are named by it and our own name."""
    group_instance_id: Name | None = None
    """A static member's name; only where no two processes can have the same."""
    partitions: Count = 12
    """Partitions of a topic, when it is made."""
    replication_factor: Count = 3
    """Copies of a topic, when it is made."""
    min_insync_replicas: Count = 2
    """Copies that must have a record before it counts as stored, when the topic is made."""
    flush_every_record: bool = False
    """Let a broker write each record to disk before it answers, when the topic is made: for one
    broker, or several on one power supply."""
    session_timeout_ms: Milliseconds = 45_000
    """After this silence a member counts as dead."""
    heartbeat_interval_ms: Milliseconds = 3_000
    """How often a member shows that it lives."""
    rebalance_timeout_ms: Milliseconds = 35_000
    """How long a member may take to let its partitions go."""
    request_timeout_ms: Milliseconds = 40_000
    """How long a broker may take to answer."""
    max_poll_interval_ms: Milliseconds = 600_000
    """How long a member may go without reading."""
    fetch_min_bytes: Bytes = 16_384
    """A broker waits until it has so much to give, to whoever reads comments and drafts."""
    fetch_max_wait_ms: Milliseconds = 50
    """How long a broker waits for that much at most: a lone comment is read so much later."""
    max_partition_fetch_bytes: Bytes = 262_144
    """How much of a partition one answer brings."""
    linger_ms: int = Field(default=10, ge=0, le=1_000, json_schema_extra={"unit": "ms"})
    """How long the producer waits for more to send."""
    compression: Literal["zstd", "lz4", "snappy", "gzip"] = "zstd"
    """How batches are packed."""
    append_timeout_ms: Milliseconds = 15_000
    """After this an append without an answer counts as unknown."""


class Stream(Group):
    """The consumer runtime, in every role that consumes."""

    concurrency: Count = 64
    """Handlers at once; triage takes `database.pool_size` instead."""
    buffer_records: Count = 4_000
    """Records held in memory, of all partitions."""
    buffer_bytes: Bytes = 67_108_864
    """Bytes held in memory, of all partitions."""
    window_records: Count = 4_000
    """Records of one partition that may be begun and not finished."""
    commit_interval: Seconds = 0.5
    """How often progress is committed."""
    commit_every: Count = 500
    """Finished records after which progress is committed sooner."""
    commit_timeout: Seconds = 5.0
    """How long a commit may take."""
    drain_timeout: Seconds = 20.0
    """How long handlers may take to finish when a partition leaves, and at stop."""
    cancel_grace: Seconds = 2.0
    """How long a cancelled handler may take to end."""
    stop_timeout: Seconds = 45.0
    """How long stopping may take in all."""
    handler_timeout: Seconds = 10.0
    """How long one attempt of a handler may take; drafting has its own."""
    retry_max: Count = 5
    """Attempts after which a record goes to the dead letters."""
    retry_max_age: Seconds = 900.0
    """Age of a record's first attempt after which it goes to the dead letters."""
    pause_after: Seconds = 5.0
    """After this a full partition is really paused, which throws away what was read ahead."""
    keepalive: Seconds = 5.0
    """How often a stalled reader shows that it lives."""


class Inbox(Group):
    """What keeps an event from being handled twice."""

    lease: Seconds = 30.0
    """For how long a drafting worker owns an event."""
    renew: Seconds = 10.0
    """How often it renews that."""
    retention: Days = 30
    """For how long a handled event is remembered."""


class Retention(Group):
    """For how long what is done with is kept."""

    log: Days = 7
    """Records of the log in PostgreSQL, once every reader has them."""
    dead_letters: Days = 14
    """How old a dead letter may be and still be retried."""


class Gateway(Group):
    """Pushes from outside."""

    append_timeout: float = Field(
        default=1.2, gt=0, lt=1.5, allow_inf_nan=False, json_schema_extra={"unit": "s"}
    )
    """How long the log may take before a push is answered 503; all of it has 1.5 s."""
    rate_per_second: float = Field(
        default=200.0, gt=0, allow_inf_nan=False, json_schema_extra={"unit": "pushes"}
    )
    """How many pushes one source may make in the long run; more are answered 429."""
    rate_burst: Count = 2_000
    """How many it may make at once, after a pause."""


class Drafting(Group):
    """Suggestions."""

    concurrency_min: Count = 4
    """Drafts at once, at the least."""
    concurrency_max: Count = 64
    """Drafts at once, at the most; between them what the model's server bears."""
    handler_timeout: Seconds = 120.0
    """How long one draft may take."""


class Api(Group):
    """Programs that use the API."""

    token: SecretStr | None = None
    """The bearer token; `responder up` makes one in the data folder."""


class OpenAI(Group):
    """The key to the model that `responder.toml` chooses."""

    api_key: SecretStr | None = None
    """The key; some servers want none."""


class SourceSecrets(Group):
    """The secrets of one source; `<ID>` is its name in `responder.toml`, in capitals, `-` as `_`."""

    webhook_secret: SecretStr | None = None
    """What pushes prove themselves with: `whsec_…`, `whpk_…`, or a bearer token of CloudEvents."""
    previous_webhook_secret: SecretStr | None = None
    """The one before it, which goes on working until it is taken away."""
    address_token: SecretStr | None = None
    """The last part of its address, `/in/<id>/<token>`; it also reads what became of its pushes."""
    outgoing_secret: SecretStr | None = None
    """`whsec_…`: what we sign the replies with that we send there."""


class WebhookSecrets(Group):
    """What we sign with for one webhook of `responder.toml`; `<ID>` is its name there, as above."""

    secret: SecretStr | None = None
    """`whsec_…`: what we sign the messages with that we send there."""


class Logging(Group):
    """What is written to the standard error output."""

    level: Literal["auto", "debug", "info", "warning", "error"] = "auto"
    """The least that is written; `auto`: warnings on a terminal, else also what is usual."""
    format: Literal["auto", "json", "pretty"] = "auto"
    """`auto`: pretty on a terminal, else one JSON object a line."""
