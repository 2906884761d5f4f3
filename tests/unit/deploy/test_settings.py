"""What the files set is what the program reads: a renamed setting fails here, not in a cluster."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from responder.app.configuration import load
from responder.app.keys import EnvironmentKeys
from responder.settings import Settings
from responder.settings.environment import read
from responder.settings.tree import Tree
from tests.unit.deploy import files
from tests.unit.deploy.files import BASE, ROLES, ROOT

Variables = Mapping[str, str]
Place = Callable[[str], Variables]

CONTENT = "what a mounted file holds"


def in_compose(role: str) -> Variables:
    environment: Variables = files.services()[role]["environment"]
    return environment


def in_kubernetes(role: str) -> Variables:
    lines = (BASE / "settings.env").read_text().splitlines()
    shared = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    pod = files.workloads(files.plain())[role]["spec"]["template"]["spec"]
    own = {v["name"]: v.get("value", "the-pods-name") for v in pod["containers"][0]["env"]}
    return shared | own


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(CONTENT)
    return file


def understood(variables: Variables, secret: Path) -> Settings:
    with_secret = {
        name: str(secret) if name.endswith("_FILE") else value for name, value in variables.items()
    }
    return Settings(**read(Tree, with_secret))


@pytest.mark.parametrize("place", [in_compose, in_kubernetes], ids=["compose", "kubernetes"])
@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_environment_of_each_role_is_understood(role: str, place: Place, secret: Path) -> None:
    settings = understood(place(role), secret)
    assert settings.log.backend == "kafka"
    assert settings.database.url is not None
    assert settings.metrics.port == 8081


@pytest.mark.parametrize("place", [in_compose, in_kubernetes], ids=["compose", "kubernetes"])
@pytest.mark.parametrize("role", sorted(ROLES))
def test_each_role_has_the_secrets_of_the_sources_that_are_configured(
    role: str, place: Place, secret: Path
) -> None:
    folder = BASE if place is in_kubernetes else ROOT / "deploy" / "compose"
    settings = understood(place(role), secret)
    keys = EnvironmentKeys(settings.source)
    for source in load(folder / "responder.toml").sources:
        assert keys.of(source).webhook_secret == keys.of(source).address_token == CONTENT
