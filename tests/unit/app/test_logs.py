"""What the settings make of the topics."""

import pytest

from responder.app.logs import topic_specs
from responder.engagement.events import TOPICS
from responder.settings import Settings


def test_every_topic_is_as_the_settings_say() -> None:
    kafka = {"partitions": 5, "replication_factor": 4, "min_insync_replicas": 3}
    specs = topic_specs(Settings.model_validate({"kafka": kafka, "retention": {"log": 2}}))
    assert {spec.name for spec in specs} == set(TOPICS)
    assert {(spec.partitions, spec.replication, spec.retention.days) for spec in specs} == {
        (5, 4, 2)
    }
    assert {spec.configuration["min.insync.replicas"] for spec in specs} == {"3"}


@pytest.mark.parametrize(("flushes", "records"), [(True, "1"), (False, None)])
def test_a_broker_writes_each_record_to_disk_where_that_is_set(
    *, flushes: bool, records: str | None
) -> None:
    settings = Settings.model_validate({"kafka": {"flush_every_record": flushes}})
    written = {spec.configuration.get("flush.messages") for spec in topic_specs(settings)}
    assert written == {records}
