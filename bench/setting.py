"""How a row is to be measured."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every row is told.

    Args:
        runs: how often; the table shows the median.
        is_smoke: small sizes, to see that it runs and is correct; the figures mean nothing.
        folder: for whatever the row writes; removed afterwards.
        pictures: for what it draws beside the bars that every row gets.
    """

    runs: int
    is_smoke: bool
    folder: Path
    pictures: Path
