"""Each setting with its value and where that came from: for `config show` and the reference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from responder.settings.environment import FILE, is_secret, named_group, variable_of
from responder.settings.loading import Settings

MASK = "(secret)"


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting as it is in force. A secret is masked, also here."""

    name: str
    value: str
    origin: str
    """`command line`, `environment`, `file <path>` or `default`."""


@dataclass(frozen=True, slots=True)
class Documented:
    """A setting as the reference has it."""

    name: str
    variable: str
    default: str
    unit: str
    meaning: str
    is_secret: bool


def shown(
    settings: Settings, *, chosen: Mapping[str, Any], environ: Mapping[str, str]
) -> Iterator[Shown]:
    """All settings in force, in the order of the reference."""
    for path, _, value in _walk(settings):
        yield Shown(".".join(path), _text(value), _origin(path, chosen, environ))


def documented() -> Iterator[Documented]:
    """All settings there are; `<id>` stands for the name of a source or webhook."""
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            for setting, inner in group.model_fields.items():
                yield _documented((name, setting), inner)
        elif (named := named_group(field)) is not None:
            for setting, inner in named.model_fields.items():
                yield _documented((name, "<id>", setting), inner)
        else:
            yield _documented((name,), field)


def _documented(path: tuple[str, ...], field: FieldInfo) -> Documented:
    extra = field.json_schema_extra
    return Documented(
        name=".".join(path),
        variable=variable_of(path),
        default="" if field.default is PydanticUndefined else _text(field.default),
        unit=str(extra.get("unit", "")) if isinstance(extra, dict) else "",
        meaning=(field.description or "").replace("\n", " "),
        is_secret=is_secret(field),
    )


def _walk(settings: Settings) -> Iterator[tuple[tuple[str, ...], FieldInfo, object]]:
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            for setting, inner in type(value).model_fields.items():
                yield (name, setting), inner, getattr(value, setting)
        elif named_group(field) is not None:
            for given_name, secrets in value.items():
                for setting, inner in type(secrets).model_fields.items():
                    yield (name, given_name, setting), inner, getattr(secrets, setting)
        else:
            yield (name,), field, value


def _text(value: object) -> str:
    match value:
        case None | ():
            return ""
        case SecretStr():
            return MASK
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(map(str, value))
        case float():
            return f"{value:g}"
        case Path() | _:
            return str(value)


def _origin(path: tuple[str, ...], chosen: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    if _is_chosen(path, chosen):
        return "command line"
    variable = variable_of(path)
    if environ.get(variable):
        return f"environment {variable}"
    if file := environ.get(variable + FILE):
        return f"file {file}"
    return "default"


def _is_chosen(path: tuple[str, ...], chosen: Mapping[str, Any]) -> bool:
    inner: object = chosen
    for part in path:
        if not isinstance(inner, Mapping) or part not in inner:
            return False
        inner = inner[part]
    return True
