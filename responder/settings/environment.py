"""Reads the settings from the environment, and says what is wrong with them in its terms."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource
from typing_extensions import override

from responder.engagement.errors import Misconfigured

PREFIX = "RESPONDER_"
NESTED = "__"
FILE = "_FILE"


@dataclass(eq=False, kw_only=True)
class BadSettings(Misconfigured):
    """The settings are not usable:"""  # noqa: D415 - the problems follow

    problems: tuple[str, ...]

    @override
    def __str__(self) -> str:
        return "\n".join(["The settings are not usable:", *(f"  {each}" for each in self.problems)])


Nested = dict[str, Any]


class Environment(PydanticBaseSettingsSource):
    """`RESPONDER_<GROUP>__<NAME>`; for a secret also `…_FILE`, which names a file that holds it.

    An empty value counts as not set. Names of ours without `__` are left alone: a cluster puts some
    of its own making into every container (`RESPONDER_GATEWAY_PORT`).
    """

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # only `__call__` of the base class asks for single fields

    @override
    def __call__(self) -> Nested:
        return read(self.settings_cls, environment())


def environment() -> Mapping[str, str]:
    """The process's own: the one place that looks at it."""
    return os.environ  # noqa: TID251


def read(tree: type[BaseModel], environ: Mapping[str, str]) -> Nested:
    """The values that `environ` sets, by group and name.

    Raises:
        BadSettings: a name is unknown, a file cannot be read, or a secret is given twice.
    """
    known = dict(variables(tree))
    values: Nested = {}
    problems = []
    for variable, text in environ.items():
        if not text or not _is_ours(variable):
            continue
        try:
            path, value = _read_one(variable, text, known, environ)
        except ValueError as error:
            problems.append(str(error))
            continue
        _put(values, path, value)
    if problems:
        raise BadSettings(problems=tuple(problems))
    return values


def variables(tree: type[BaseModel]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every variable that sets something, with the path it sets; a name of yours is `*`."""
    for name, field in tree.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            for setting, inner in group.model_fields.items():
                yield from _variable((name, setting), inner)
        elif (named := named_group(field)) is not None:
            for setting, inner in named.model_fields.items():
                yield from _variable((name, "*", setting), inner)
        else:
            yield from _variable((name,), field)


def named_group(field: FieldInfo) -> type[BaseModel] | None:
    """The group that everything of a kind has one of, as sources do; None: it is no such setting."""
    if get_origin(field.annotation) is not dict:
        return None
    return cast("type[BaseModel]", get_args(field.annotation)[1])


def variable_of(path: Sequence[str]) -> str:
    """`("source", "my-blog", "webhook_secret")` is `RESPONDER_SOURCE__MY_BLOG__WEBHOOK_SECRET`."""
    return PREFIX + NESTED.join(part.replace("-", "_").upper() for part in path)


def is_secret(field: FieldInfo) -> bool:
    return field.annotation == SecretStr | None


def problems_of(error: ValidationError) -> tuple[str, ...]:
    """What pydantic found, in the words of whoever set it. Never shows a value."""
    found = []
    for each in error.errors(include_input=False, include_url=False):
        path = [part for part in each["loc"] if isinstance(part, str)]
        path = path[: 3 if path[0:1] in (["source"], ["webhook"]) else 2]
        if path:
            found.append(f"{'.'.join(path)} ({variable_of(path)}): {_lower(each['msg'])}")
        else:
            found.extend(each["msg"].removeprefix("Value error, ").split("; "))
    return tuple(dict.fromkeys(found))


def nearest(name: str, among: Sequence[str]) -> str:
    """` - did you mean …?`, or nothing."""
    close = get_close_matches(name, among, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _variable(path: tuple[str, ...], field: FieldInfo) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield variable_of(path), path
    if is_secret(field):
        yield variable_of(path) + FILE, path


def _is_ours(variable: str) -> bool:
    name = variable.removeprefix(PREFIX)
    return name != variable and (NESTED in name or name == "CONFIG")


def _read_one(
    variable: str, text: str, known: Mapping[str, tuple[str, ...]], environ: Mapping[str, str]
) -> tuple[tuple[str, ...], str]:
    pattern, given_name = _as_pattern(variable)
    if pattern not in known:
        raise ValueError(f"{variable} is not a setting{nearest(variable, list(known))}")
    path = tuple(given_name if part == "*" else part for part in known[pattern])
    if pattern == variable_of(known[pattern]):
        return path, text
    if environ.get(variable.removesuffix(FILE)):
        raise ValueError(f"{variable.removesuffix(FILE)} and {variable} are both set; keep one")
    return path, _read_file(variable, Path(text))


def _as_pattern(variable: str) -> tuple[str, str]:
    """The variable of a source or webhook with `*` for its name, and the name."""
    group, *named = variable.split(NESTED, 2)
    if len(named) < 2:  # noqa: PLR2004 - without a name: `RESPONDER_CONFIG`, and every other group
        return variable, ""
    name, setting = named
    return NESTED.join([group, "*", setting]), name.lower().replace("_", "-")


def _read_file(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ValueError(f"{variable}: {path} cannot be read: {why}") from None


def _put(values: Nested, path: tuple[str, ...], value: str) -> None:
    *groups, name = path
    for group in groups:
        values = values.setdefault(group, {})
    values[name] = value
