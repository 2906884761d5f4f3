"""The files that Responder is deployed with, as the tests read them."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import yaml

from responder.cli.run import Role
from tests.unit.deploy import kustomize

ROOT = Path(__file__).parents[3]
BASE = ROOT / "deploy" / "k8s" / "base"
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"

ROLES: frozenset[str] = frozenset(get_args(Role))
WORKLOADS = ("Deployment", "StatefulSet")

Manifest = Mapping[str, Any]


@functools.cache
def kustomization() -> Manifest:
    (parsed,) = _parsed(BASE / "kustomization.yaml")
    return parsed


@functools.cache
def plain() -> Iterable[Manifest]:
    """What the kustomization lists, as it stands in the files."""
    return [each for name in kustomization()["resources"] for each in _parsed(BASE / name)]


@functools.cache
def rendered() -> Iterable[Manifest]:
    """What kustomize makes of it."""
    return kustomize.render(BASE)


def workloads(manifests: Iterable[Manifest]) -> Mapping[str, Manifest]:
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] in WORKLOADS}


@functools.cache
def compose() -> Manifest:
    (parsed,) = _parsed(COMPOSE)
    return parsed


def services() -> Mapping[str, Manifest]:
    """Compose's."""
    found: Mapping[str, Manifest] = compose()["services"]
    return found


def _parsed(file: Path) -> Iterator[Manifest]:
    yield from yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
