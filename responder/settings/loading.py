"""Makes the settings of a process: of its command line and its environment, if they hold together."""

from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from typing_extensions import override

from responder.settings.environment import BadSettings, Environment, problems_of
from responder.settings.rules import violations
from responder.settings.tree import Tree


class Settings(Tree):
    """Everything that an operator has set, and no two of them contradict each other."""

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
