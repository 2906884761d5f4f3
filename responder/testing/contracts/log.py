"""The contract of the log port: one suite for Kafka, for PostgreSQL and for memory.

An adapter's test module subclasses `LogContract` and gives a `harness` fixture; a row that the
harness has no power for is skipped with the harness's own reason. No row asserts a latency: what
must be prompt is asked to wait far longer than the bound, so that only forgetting to wake can fail
it.

| rows | about | in |
|---|---|---|
| W1-W5 | what an acknowledged append means | `log_data` |
| R1-R4, P1 | what `poll` gives, and when | `log_data` |
| A1-A4 | who owns a partition | `log_membership` |
| C1 | what a commit stores | `log_membership` |
| S1, S2 | starting and stopping, with the log up, down, or busy | `log_membership` |
"""

from responder.testing.contracts.log_data import ReadingContract, WritingContract
from responder.testing.contracts.log_membership import (
    CommitContract,
    EndingContract,
    OwnershipContract,
)


class LogContract(
    WritingContract, ReadingContract, OwnershipContract, CommitContract, EndingContract
):
    """Every row. Subclass it, and override `harness`."""
