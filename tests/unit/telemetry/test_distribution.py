from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from responder.telemetry.distribution import Distributions

BOUNDS = (0.001, 0.01, 0.5, 1.0, 60.0)
VALUES = st.lists(st.sampled_from((0.0, 0.0005, 0.001, 0.0011, 0.5, 1.0, 59.9, 60.0, 61.0, 1e6)))


def exposed(registry: CollectorRegistry) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@given(st.lists(VALUES, max_size=4), VALUES)
def test_it_shows_what_the_client_librarys_histogram_shows(
    batches: Sequence[Sequence[float]], singles: Sequence[float]
) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    family = Distributions("waits", "How long.", ("group",), BOUNDS)
    ours.register(family)
    histogram = Histogram("waits", "How long.", ("group",), buckets=BOUNDS, registry=theirs)
    child, other = family.labels("a"), histogram.labels("a")
    for batch in batches:
        child.observe_all(batch)
        for value in batch:
            other.observe(value)
    for value in singles:
        child.observe(value)
        other.observe(value)
    assert exposed(ours) == pytest.approx(exposed(theirs))


def test_what_is_removed_is_shown_no_more() -> None:
    registry = CollectorRegistry()
    family = Distributions("waits", "How long.", ("group",), BOUNDS)
    registry.register(family)
    family.labels("a").observe(1)
    family.remove("a")
    assert exposed(registry) == {}
