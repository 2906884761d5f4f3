"""Which installation a command is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from responder.settings import Settings, load
from responder.settings.environment import environment

if TYPE_CHECKING:
    from responder.app.admin import Admin


@Parameter(name="*")
@dataclass(frozen=True)
class Place:
    """Options that every command about an installation has."""

    data_dir: Annotated[Path | None, Parameter(help="The data folder of `responder up`.")] = None

    def chosen(self) -> dict[str, Any]:
        """What the command line says, by group."""
        return {} if self.data_dir is None else {"data": {"dir": self.data_dir}}

    def settings(self) -> Settings:
        """Raises BadSettings."""
        return load(**self.chosen())

    def environ(self) -> Mapping[str, str]:
        return environment()

    def admin(self) -> "Admin":
        # Here, because `--help` and a wrong option should not wait for a database driver.
        from responder.app.admin import Admin  # noqa: PLC0415

        return Admin(self.settings(), self.environ())


HERE = Place()
