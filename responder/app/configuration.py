"""Reads `responder.toml` into a `Workspace`, or says with file, line and key what is wrong with it.

Read at start and again on SIGHUP; each version is known by the hash of its text. Secrets do not
stand in it: those of a source come by the environment, or from files of their own.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError
from typing_extensions import override

from responder.app import tables
from responder.app.configuration_problems import Problem, of_key, of_shape, of_syntax
from responder.app.workspace import contradictions, workspace
from responder.engagement.errors import Misconfigured
from responder.engagement.model import SourceId
from responder.engagement.workspace import Workspace

LIMIT_BYTES = 1_048_576


@dataclass(eq=False, kw_only=True)
class BadConfiguration(Misconfigured):
    """The configuration is not usable; nothing of it was taken over."""

    file: Path
    problems: tuple[Problem, ...]

    @override
    def __str__(self) -> str:
        return "\n".join(map(self._said, self.problems))

    def _said(self, problem: Problem) -> str:
        line = "" if problem.line is None else f":{problem.line}"
        key = f" {problem.key}:" if problem.key else ""
        return f"{self.file}{line}:{key} {problem.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One version of `responder.toml`, checked."""

    file: Path
    text: str
    workspace: Workspace
    sources: Mapping[SourceId, tables.AnySource]
    """What each source's platform needs to be built."""
    webhooks: Mapping[str, tables.ToldTable]
    openai: tables.OpenAITable | None
    """None: no text leaves this machine for a model."""

    @property
    def version(self) -> str:
        return self.workspace.version


def default_text() -> str:
    """The commented file that a first start writes."""
    return files("responder.app").joinpath("default.toml").read_text(encoding="utf-8")


def load(file: Path) -> Configuration:
    """Raises BadConfiguration: with every problem found, each with its line and key."""
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _bad(file, Problem(None, "", f"cannot be read: {why}")) from None
    if len(raw) > LIMIT_BYTES:
        raise _bad(file, Problem(None, "", f"is larger than {LIMIT_BYTES} bytes"))
    return parse(text, file)


def parse(text: str, file: Path) -> Configuration:
    """The same for a text; `file` is only named in what it says."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(file, of_syntax(str(error))) from None
    try:
        parsed = tables.File.model_validate(data)
    except ValidationError as error:
        raise _bad(file, *(of_shape(text, data, each) for each in error.errors())) from None
    wrong = [of_key(text, key, why) for key, why in contradictions(parsed)]
    if wrong:
        raise _bad(file, *wrong)
    return Configuration(
        file=file,
        text=text,
        workspace=workspace(parsed, hashlib.sha256(text.encode()).hexdigest()),
        sources=MappingProxyType({SourceId(name): each for name, each in parsed.sources.items()}),
        webhooks=MappingProxyType(dict(parsed.webhooks)),
        openai=parsed.openai,
    )


def _bad(file: Path, *problems: Problem) -> BadConfiguration:
    return BadConfiguration(
        file=file, problems=tuple(sorted(problems, key=lambda each: each.line or 0))
    )
