"""A setting that nobody reads would be a promise that nobody keeps."""

import ast
from collections.abc import Iterator

from responder.settings import Settings
from responder.settings.shown import documented
from tests.architecture.source import Module, package

IS_A_RULE = {"server.allow_plain_http", "server.behind_proxy"}
"""Read where the settings are checked, and nowhere else."""


def _attributes(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        for node in module.walk():
            if isinstance(node, ast.Attribute):
                yield node.attr


def test_every_setting_is_read_by_the_program() -> None:
    readers = [each for each in package() if not each.name.startswith("responder/settings/")]
    read = set(_attributes(readers))
    settings = {each.name for each in documented()} - IS_A_RULE
    assert {name for name in settings if name.rpartition(".")[2] not in read} == set()


def test_every_group_of_settings_is_read_by_the_program() -> None:
    read = set(_attributes([each for each in package() if "settings/" not in each.name]))
    assert set(Settings.model_fields) <= read
