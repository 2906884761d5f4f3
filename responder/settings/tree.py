"""The one tree of settings, read by the composition root and the command line only.

Each is set by `RESPONDER_<GROUP>__<NAME>`; a secret also by `RESPONDER_<GROUP>__<NAME>_FILE`, which
names a file that holds it. What the command line sets wins. Nothing here is ever printed with a
secret in it: secrets are `SecretStr`, and errors hide their input.
"""

from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from responder.settings import groups
from responder.settings.environment import BadSettings, Environment, problems_of
from responder.settings.rules import violations


class Settings(BaseSettings):
    """Everything that an operator may set."""

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
    delivery: groups.Delivery = groups.Delivery()
    review: groups.Review = groups.Review()
    session: groups.Session = groups.Session()
    api: groups.Api = groups.Api()
    openai: groups.OpenAI = groups.OpenAI()
    source: dict[str, groups.SourceSecrets] = Field(default_factory=dict)
    logging: groups.Logging = groups.Logging()

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the command line chose, then the environment, each name of which must be known."""
        return (init_settings, Environment(settings_cls))

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        found = list(violations(self))
        if found:
            raise ValueError("; ".join(found))
        return self


def load(**chosen: Any) -> Settings:
    """The settings of this process; what is `chosen` by group wins over the environment.

    Raises:
        BadSettings: says each thing that is wrong with them, and shows no value.
    """
    try:
        return Settings(**chosen)
    except ValidationError as error:
        raise BadSettings(problems=problems_of(error)) from None
