"""A picture of what went on over time: one line for each name. SVG without script, in light and dark."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from bench.table import digits

WIDTH, HEIGHT, LEFT, NAMES, MARGIN = 760, 200, 60, 150, 26

COLOURS = (
    *("#0b6e4f", "#c44536", "#2f6fb2", "#8a5a00"),
    *("#7a3e9d", "#00838f", "#b0247a", "#6b7280"),
)
"""Told apart also on a dark ground."""

_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .back { fill: #ffffff } .axis { stroke: #8a94a0; fill: none } .line { fill: none; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .back { fill: #0d1117 }
  }
"""

Panel = Mapping[str, Sequence[float]]
"""Values by name, one after each step; who has fewer has them at the end."""


def write(file: Path, title: str, panels: Sequence[Panel]) -> None:
    file.write_text(draw(title, panels), encoding="utf-8")


def draw(title: str, panels: Sequence[Panel]) -> str:
    """The panels one below the other, each with a scale of its own."""
    tall = MARGIN * 2 + (HEIGHT + MARGIN * 2) * len(panels)
    said = escape(title)
    drawn = [f'<text class="title" x="{MARGIN}" y="{MARGIN}">{said}</text>']
    for number, panel in enumerate(panels):
        drawn += _panel(panel, MARGIN * 2 + number * (HEIGHT + MARGIN * 2))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{tall}" '
        f'viewBox="0 0 {WIDTH} {tall}" role="img" aria-label="{said}">\n'
        f"<title>{said}</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="back" width="{WIDTH}" height="{tall}"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _panel(panel: Panel, top: int) -> list[str]:
    most = max((max(values, default=0) for values in panel.values()), default=0) or 1
    steps = max((len(values) for values in panel.values()), default=0)
    right, bottom = WIDTH - NAMES - MARGIN, top + HEIGHT
    drawn = [
        f'<path class="axis" d="M{LEFT} {top}V{bottom}H{right}"/>',
        f'<text x="{LEFT - 8}" y="{top + 10}" text-anchor="end">{digits(most)}</text>',
        f'<text x="{LEFT - 8}" y="{bottom}" text-anchor="end">0</text>',
        f'<text x="{right}" y="{bottom + 18}" text-anchor="end">{steps}</text>',
    ]
    names = sorted(panel, key=lambda name: -panel[name][-1])
    for number, name in enumerate(names):
        colour, y = COLOURS[number % len(COLOURS)], top + 14 + number * 22
        said = escape(f"{name} {digits(panel[name][-1])}")
        drawn += [
            _line(panel[name], colour, steps=steps, most=most, top=top),
            f'<rect fill="{colour}" x="{right + 14}" y="{y - 9}" width="10" height="10"/>',
            f'<text x="{right + 30}" y="{y}">{said}</text>',
        ]
    return drawn


def _line(values: Sequence[float], colour: str, *, steps: int, most: float, top: int) -> str:
    across = (WIDTH - NAMES - MARGIN - LEFT) / max(1, steps - 1)
    first = steps - len(values)
    points = " ".join(
        f"{LEFT + (first + number) * across:.1f},{top + HEIGHT * (1 - value / most):.1f}"
        for number, value in enumerate(values)
    )
    return f'<polyline class="line" stroke="{colour}" points="{points}"/>'
