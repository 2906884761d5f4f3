"""The one tree of settings, read by the composition root and the command line only.

Each is set by `RESPONDER_<GROUP>__<NAME>`; a secret also by `RESPONDER_<GROUP>__<NAME>_FILE`, which
names a file that holds it. What the command line sets wins. Nothing here is ever printed with a
secret in it: secrets are `SecretStr`, and errors hide their input.
"""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from responder.settings import groups


class Tree(BaseSettings):
    """Everything that an operator may set, before it is known to hold together."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    config: Path | None = None
    """Where `responder.toml` is; by default in the data folder."""
    server: groups.Server = groups.Server()
    metrics: groups.Metrics = groups.Metrics()
    data: groups.Data = groups.Data()
    database: groups.Database = groups.Database()
    log: groups.Log = groups.Log()
    kafka: groups.Kafka = groups.Kafka()
    stream: groups.Stream = groups.Stream()
    inbox: groups.Inbox = groups.Inbox()
    retention: groups.Retention = groups.Retention()
    gateway: groups.Gateway = groups.Gateway()
    drafting: groups.Drafting = groups.Drafting()
    api: groups.Api = groups.Api()
    openai: groups.OpenAI = groups.OpenAI()
    source: dict[str, groups.SourceSecrets] = Field(default_factory=dict)
    webhook: dict[str, groups.WebhookSecrets] = Field(default_factory=dict)
    logging: groups.Logging = groups.Logging()
