"""The catalogue is code: it keeps its own rules, and no label can make more series than allowed."""

import ast
import itertools
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from responder.telemetry import catalogue
from responder.telemetry.catalogue import (
    INGEST_REQUESTS,
    LEDGER_SERIES_BUDGET,
    SERIES_BUDGET,
    STREAM_OLDEST,
)
from responder.telemetry.metric import CounterMetric, GaugeMetric, HistogramMetric, Metric
from responder.telemetry.metrics import Metrics

PACKAGE = Path(catalogue.__file__).parents[1]


Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _samples(metrics: Metrics) -> Samples:
    exposition, _ = metrics.render()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


def _value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return _samples(metrics).get((f"responder_{name}", frozenset(labels.items())))


def test_a_counter_counts_by_its_labels() -> None:
    metrics = Metrics()
    requests = metrics.counter(INGEST_REQUESTS)
    requests.of("blog", "accepted", "").inc()
    requests.of("blog", "accepted", "").inc()
    labels = {"source": "blog", "outcome": "accepted", "reason": ""}
    assert _value(metrics, "ingest_requests_total", **labels) == 2


def test_the_same_metric_asked_for_twice_is_one() -> None:
    metrics = Metrics()
    assert metrics.counter(INGEST_REQUESTS) is metrics.counter(INGEST_REQUESTS)


def test_a_value_beyond_its_labels_limit_counts_as_other() -> None:
    metrics = Metrics()
    requests = metrics.counter(INGEST_REQUESTS)
    for number in range(25):
        requests.of(f"source-{number}", "accepted", "").inc()
    last = {"source": "source-19", "outcome": "accepted", "reason": ""}
    assert _value(metrics, "ingest_requests_total", **last) == 1
    assert _value(metrics, "ingest_requests_total", **last | {"source": "other"}) == 5


def test_what_is_forgotten_makes_room_for_others() -> None:
    metrics = Metrics()
    oldest = metrics.gauge(STREAM_OLDEST)
    for number in range(12):
        oldest.of("triage", "engagement.received", str(number)).set(1)
    oldest.forget([], within=("triage",))
    oldest.of("triage", "engagement.received", "99").set(7)
    found = [dict(labels) for name, labels in _samples(metrics) if name == STREAM_OLDEST.full_name]
    assert found == [{"group": "triage", "topic": "engagement.received", "partition": "99"}]


def test_a_new_configuration_replaces_the_old_one() -> None:
    metrics = Metrics()
    metrics.describe(version="1.0", configuration="old", targets={"a": 60.0}, objectives={"a": 0.9})
    metrics.describe(
        version="1.0", configuration="new", targets={"b": 90.0}, objectives={"b": 0.99}
    )
    assert _value(metrics, "config_info", version="old") is None
    assert _value(metrics, "config_info", version="new") == 1
    assert _value(metrics, "sla_target_seconds", sla="a") is None
    assert _value(metrics, "sla_target_seconds", sla="b") == 90
    assert _value(metrics, "sla_objective_ratio", sla="a") is None
    assert _value(metrics, "sla_objective_ratio", sla="b") == 0.99


def _fill(metrics: Metrics, metric: Metric) -> None:
    values = [[f"{label.name}{n}" for n in range(label.most + 1)] for label in metric.labels]
    for labels in itertools.islice(itertools.product(*values), 2_000):
        match metric:
            case CounterMetric():
                metrics.counter(metric).of(*labels).inc()
            case GaugeMetric():
                metrics.gauge(metric).of(*labels).set(1)
            case HistogramMetric():
                metrics.histogram(metric).of(*labels).observe(1)
            case _:
                raise AssertionError(metric)


@pytest.mark.parametrize(
    ("is_from_ledger", "budget"), [(False, SERIES_BUDGET), (True, LEDGER_SERIES_BUDGET)]
)
def test_filled_to_every_limit_a_process_stays_within_its_budget_of_series(
    budget: int,
    is_from_ledger: bool,  # noqa: FBT001 - a parameter
) -> None:
    metrics = Metrics()
    for metric in catalogue.catalogue():
        if metric.is_from_ledger == is_from_ledger:
            _fill(metrics, metric)
    samples = [name for name, _ in _samples(metrics) if not name.endswith("_created")]
    assert len(samples) <= budget


@pytest.mark.parametrize("metric", list(catalogue.catalogue()), ids=lambda metric: str(metric.name))
def test_a_metric_is_named_as_prometheus_wants_it(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", metric.name)
    assert metric.name.endswith("_total") == isinstance(metric, CounterMetric)
    assert metric.name.endswith("_seconds") or not isinstance(metric, HistogramMetric)
    assert metric.meaning.endswith(".")


@pytest.mark.parametrize("metric", list(catalogue.catalogue()), ids=lambda metric: str(metric.name))
def test_no_label_names_a_person_a_text_or_an_address(metric: Metric) -> None:
    forbidden = {"user", "author", "thread", "url", "text", "error", "workspace"}
    assert not forbidden & set(metric.label_names)


def test_every_metric_of_the_catalogue_is_measured_somewhere() -> None:
    constants = {
        node.targets[0].id
        for node in ast.parse(Path(catalogue.__file__).read_text()).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(getattr(catalogue, node.targets[0].id), Metric)
    }
    elsewhere = "\n".join(
        path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "catalogue.py"
    )
    assert {name for name in constants if name not in elsewhere} == set()
