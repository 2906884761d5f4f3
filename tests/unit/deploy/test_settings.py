"""What the files set is what the program reads: a renamed setting fails here, not in a cluster."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from responder.app.configuration import load
from responder.settings import Settings
from responder.settings.environment import read
from responder.settings.tree import Tree
from tests.unit.deploy import files
from tests.unit.deploy.files import BASE, ROLES, ROOT

Variables = Mapping[str, str]


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
    file.write_text("postgresql://responder:x@postgres/responder")
    return file


@pytest.mark.parametrize("place", [in_compose, in_kubernetes], ids=["compose", "kubernetes"])
@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_environment_of_each_role_is_understood(role: str, place: object, secret: Path) -> None:
    assert callable(place)
    variables = {
        name: str(secret) if name.endswith("_FILE") else value
        for name, value in place(role).items()
    }
    settings = Settings(**read(Tree, variables))
    assert settings.log.backend == "kafka"
    assert settings.database.url is not None
    assert settings.metrics.port == 8081


@pytest.mark.parametrize(
    "folder", [BASE, ROOT / "deploy" / "compose"], ids=["kubernetes", "compose"]
)
def test_the_configuration_is_valid_and_its_sources_have_their_secrets(folder: Path) -> None:
    configuration = load(folder / "responder.toml")
    place = in_kubernetes if folder == BASE else in_compose
    secrets = {
        f"RESPONDER_SOURCE__{source.upper()}__WEBHOOK_SECRET_FILE"
        for source in configuration.sources
    }
    assert secrets <= place("gateway").keys()
