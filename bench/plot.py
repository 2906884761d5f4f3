"""A picture of each row: bars of ours, the peers' and the ideal. SVG without script, in light and dark."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from bench.table import digits

IMAGES = Path(__file__).parents[1] / "docs" / "images"

WIDTH, LABEL, BAR, LINE, GAP, MARGIN = 760, 220, 400, 20, 26, 12

_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .case { font-weight: 600 }
  .back { fill: #ffffff } .ours { fill: #0b6e4f } .peer { fill: #8a94a0 } .ideal { fill: #d8b25c }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .back { fill: #0d1117 } .ours { fill: #2fa97c }
  }
"""


def write(rows: Sequence[Mapping[str, Any]], folder: Path = IMAGES) -> None:
    """One file for each id, such as `bench-p1.svg`."""
    for each in dict.fromkeys(row["id"] for row in rows):
        picture = draw([row for row in rows if row["id"] == each])
        (folder / f"bench-{each.lower()}.svg").write_text(picture, encoding="utf-8")


def draw(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows of one id; those with the same case share their bars."""
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        bars = groups.setdefault((row["case"], row["unit"]), {})
        bars |= {name: value for name, value in _bars(row) if value is not None}
    y = MARGIN
    drawn: list[str] = []
    for (case, unit), bars in groups.items():
        y += LINE
        drawn.append(f'<text class="case" x="{MARGIN}" y="{y}">{escape(f"{case}, {unit}")}</text>')
        most = max(bars.values(), default=0) or 1
        for name, value in bars.items():
            y += LINE
            drawn += _bar(name, value, value / most, y)
        y += GAP
    title = escape(f"{rows[0]['id']}: ours beside the others")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
        f'viewBox="0 0 {WIDTH} {y}" role="img" aria-label="{title}">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="back" width="{WIDTH}" height="{y}"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _bars(row: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    yield "ours", row["ours"]
    yield from row["peers"].items()
    yield "ideal", row["ideal"]


def _bar(name: str, value: float, share: float, y: int) -> list[str]:
    kind = name if name in {"ours", "ideal"} else "peer"
    width = max(1, round(BAR * share))
    middle = y + LINE - 6
    return [
        f'<text x="{LABEL - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{LABEL}" y="{y + 3}" width="{width}" height="{LINE - 6}"/>',
        f'<text x="{LABEL + width + 6}" y="{middle}">{digits(value)}</text>',
    ]
