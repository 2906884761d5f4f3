"""The alerts: whether they are well-formed, name what exists, and fire when they should.

That is decided by `promtool`, on the rule tests that are shipped beside the rules; here stands that
each alert has such tests, and that the tests can fail.
"""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from responder.telemetry.catalogue import catalogue
from responder.testing.prometheus import SCRAPE_SECONDS, hurried
from tests.unit.deploy import files
from tests.unit.deploy.files import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
RULES = FOLDER / "rules.yml"
CONFIGURATION = ROOT / "deploy" / "compose" / "prometheus.yml"
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
RUNBOOKS = ROOT / "docs" / "how-to" / "runbooks"
WATCHING = ROOT / "docs" / "how-to" / "watch-it-with-prometheus.md"
PROMQL = re.compile(r"```promql\n(.*?)```", re.DOTALL)
YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
LABELS = {each.full_name: set(each.label_names) for each in catalogue()}
BY_PROMETHEUS = {"instance", "job"}
USED = re.compile(r"(?<![\w:])(responder_\w+)(?![\w:])(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\b(?:by|on) \(([^)]*)\)")
MATCHED = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")

Rule = Mapping[str, Any]


def groups() -> Any:
    return yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]


ALL: list[Rule] = [rule for group in groups() for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in ALL if "alert" in rule}


def words(alert: str) -> str:
    """`ConservationBroken` as its files are named: conservation-broken."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", alert).lower()


def rule_tests(alert: str) -> Any:
    return yaml.safe_load((FOLDER / "tests" / f"{words(alert)}.yml").read_text(encoding="utf-8"))


@functools.cache
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None and os.environ.get("CI"):  # noqa: TID251 - where the tests run decides
        pytest.fail("CI has no promtool: apt-get install prometheus")
    if found is None:
        pytest.skip("no promtool here: apt-get install prometheus")
    return found


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [promtool(), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words


# --- what they say -------------------------------------------------------------------------------


def test_promtool_accepts_the_rules() -> None:
    done = run("check", "rules", RULES)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.stem)
def test_a_rule_test_holds(test: Path) -> None:
    done = run("test", "rules", test)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_has_a_test_in_which_it_fires(alert: str) -> None:
    expected = [
        case["exp_alerts"]
        for test in rule_tests(alert)["tests"]
        for case in test.get("alert_rule_test", [])
        if case["alertname"] == alert
    ]
    assert any(expected)


@pytest.mark.parametrize("alert", sorted(ALERTS.keys() - {"Watchdog"}))
def test_an_alert_has_tests_in_which_it_does_not_fire(alert: str) -> None:
    """Just before it fires, and in a twin of the fault where all is well."""
    quiet = [
        test["name"]
        for test in rule_tests(alert)["tests"]
        for case in test.get("alert_rule_test", [])
        if case["alertname"] == alert and not case["exp_alerts"]
    ]
    assert len(set(quiet)) >= 2


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_how_urgent_it_is_and_where_to_read_on(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"].keys() == {"severity"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/how-to/runbooks/{words(alert)}.md"
    assert (ROOT / rule["annotations"]["runbook_url"]).exists()


def test_every_runbook_is_of_an_alert_and_stands_in_the_index() -> None:
    pages = {page.stem for page in RUNBOOKS.glob("*.md")} - {"index"}
    assert pages == {words(alert) for alert in ALERTS}
    index = (RUNBOOKS / "index.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(([a-z-]+)\.md\)", index)) >= pages


@pytest.mark.parametrize("alert", sorted(ALERTS.keys()))
def test_a_runbook_answers_what_is_asked_at_night(alert: str) -> None:
    page = (RUNBOOKS / f"{words(alert)}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {alert}\n")
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert headings == [
        "What it means",
        "How bad it is",
        "Look first",
        "Do",
        "It is over when",
        "What it leaves out",
    ]


# --- what they name ------------------------------------------------------------------------------


def unknown(expression: str) -> set[str]:
    """Metrics and labels of an expression that no process shows."""
    used = USED.findall(expression)
    known = BY_PROMETHEUS.union(*(LABELS.get(name, set()) for name, _ in used))
    grouped = {
        label for listed in GROUPED.findall(expression) for label in listed.split(", ") if label
    }
    wrong = {name for name, _ in used} - LABELS.keys()
    wrong |= grouped - known if used else set()
    for name, matchers in used:
        wrong |= set(MATCHED.findall(matchers)) - LABELS.get(name, set()) - BY_PROMETHEUS
    return wrong


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_names_only_what_the_catalogue_has(rule: Rule) -> None:
    assert unknown(rule["expr"]) == set()


def test_a_name_that_the_catalogue_lacks_is_found() -> None:
    assert unknown("max(responder_ledger_item) > 0") == {"responder_ledger_item"}
    assert unknown('responder_ledger_items{stat="open"} > 0') == {"stat"}
    assert unknown("max by (queue) (responder_ledger_items) > 0") == {"queue"}


def test_a_recorded_ratio_that_is_used_is_recorded() -> None:
    recorded = {rule["record"] for rule in ALL if "record" in rule}
    used = {name for rule in ALL for name in re.findall(r"\b\w+:responder_\w+:\w+", rule["expr"])}
    assert used <= recorded


QUERIES = [
    pytest.param(block, id=f"{page.stem} {number}")
    for page in (*sorted(RUNBOOKS.glob("*.md")), WATCHING)
    for number, block in enumerate(PROMQL.findall(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_a_page_shows_is_one_and_names_what_there_is(
    query: str, tmp_path: Path
) -> None:
    wrapped = {"groups": [{"name": "page", "rules": [{"record": "shown", "expr": query}]}]}
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(wrapped), encoding="utf-8")
    done = run("check", "rules", file)
    assert done.returncode == 0, done.stderr
    assert unknown(query) == set()


def test_a_configuration_that_a_page_shows_is_one(tmp_path: Path) -> None:
    shutil.copy(RULES, tmp_path)
    blocks = YAML.findall(WATCHING.read_text(encoding="utf-8"))
    for block in blocks:
        (tmp_path / "prometheus.yml").write_text(block, encoding="utf-8")
        done = run("check", "config", tmp_path / "prometheus.yml")
        assert done.returncode == 0, done.stdout + done.stderr
    assert blocks


# --- that the tests can fail ---------------------------------------------------------------------


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda rule: rule.pop(key, None)


def saying(expression: str) -> Callable[[dict[str, Any]], None]:
    return lambda rule: rule.update(expr=expression)


def survivors(change: Callable[[dict[str, Any]], None], folder: Path) -> set[str]:
    """Whose tests hold although each alert was changed."""
    planted = groups()
    for rule in (rule for group in planted for rule in group["rules"] if "alert" in rule):
        change(rule)
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": planted}), encoding="utf-8")
    shutil.copytree(FOLDER / "tests", folder / "tests", dirs_exist_ok=True)
    tests = {alert: folder / "tests" / f"{words(alert)}.yml" for alert in ALERTS}
    return {alert for alert, test in tests.items() if run("test", "rules", test).returncode == 0}


def test_rule_tests_notice_alerts_that_never_fire(tmp_path: Path) -> None:
    assert survivors(saying("vector(0) > 1"), tmp_path) == set()


def test_rule_tests_notice_alerts_that_always_fire(tmp_path: Path) -> None:
    assert survivors(saying("vector(1)"), tmp_path) == {"Watchdog"}


def test_rule_tests_notice_alerts_that_do_not_wait(tmp_path: Path) -> None:
    at_once = {alert for alert, rule in ALERTS.items() if "for" not in rule}
    assert survivors(without("for"), tmp_path) == at_once


# --- how they are deployed -----------------------------------------------------------------------


def test_compose_gives_prometheus_the_rules(tmp_path: Path) -> None:
    given = {each["source"]: each["target"] for each in files.services()["prometheus"]["configs"]}
    sources = {name: ROOT / each["file"] for name, each in files.compose()["configs"].items()}
    for source, target in given.items():
        assert Path(target).parent == Path("/etc/prometheus")
        shutil.copy(sources[source], tmp_path / Path(target).name)
    assert RULES in {sources[source] for source in given}
    done = run("check", "config", tmp_path / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout


def test_compose_scrapes_as_often_as_the_alerts_were_tested_for() -> None:
    shared = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["global"]
    every = f"{SCRAPE_SECONDS}s"
    assert (shared["scrape_interval"], shared["evaluation_interval"]) == (every, every)


def test_rules_in_a_hurry_differ_from_the_shipped_ones_in_durations_alone() -> None:
    shipped, faster = RULES.read_text(encoding="utf-8"), hurried(RULES.read_text("utf-8"), 20)
    duration = re.compile(r"\b\d+(?:ms|[smhd])\b")
    assert duration.sub("…", shipped) == duration.sub("…", faster)
    assert re.findall(r"for: (\w+)", hurried("for: 5m\nkeep_firing_for: 10m", 20)) == [
        "15000ms",
        "30000ms",
    ]
    assert hurried("rate(x[1h] offset 1d) > 60", 20) == "rate(x[180000ms] offset 4320000ms) > 60"
