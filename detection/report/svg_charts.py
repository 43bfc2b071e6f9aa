"""Charts as SVG without scripts. The style sheet of the page defines the colours.

CSS classes: `a` and `b` for two data series, `axis` for grid lines, `guide` for a reference line.
"""

from collections.abc import Iterable, Sequence
from html import escape

WIDTH, HEIGHT = 480, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 14, 10, 44
Span = tuple[float, float]
Tick = tuple[float, str]


class Plot:
    """One chart. Both axes begin at 0 and end at `x_end` and `y_end`. `label`: the accessible name."""

    def __init__(self, label: str, x_end: float, y_end: float) -> None:
        self._label = label
        self._x_end = x_end or 1
        self._y_end = y_end or 1
        self._parts: list[str] = []

    def axes(self, x_title: str, y_title: str, x_ticks: Iterable[Tick], y_ticks: Iterable[Tick]) -> None:
        """Draw grid lines, ticks and titles."""
        bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        for value, text in y_ticks:
            y = self._y(value)
            self._parts.append(f'<path class="axis" d="M{_LEFT} {y:.1f}H{right}"/>')
            self._text(_LEFT - 6, y + 4, text, "end")
        for value, text in x_ticks:
            self._text(self._x(value), bottom + 16, text, "middle")
        self._text((_LEFT + right) / 2, HEIGHT - 8, x_title, "middle")
        self._parts.append(
            f'<text text-anchor="middle" transform="translate(12 {(_TOP + bottom) / 2:.0f}) rotate(-90)">'
            f"{escape(y_title)}</text>"
        )

    def line(self, points: Iterable[tuple[float, float]], style: str) -> None:
        """Draw a line through the points."""
        coordinates = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in points)
        self._parts.append(f'<polyline class="{style} line" points="{coordinates}"/>')

    def dot(self, x: float, y: float, style: str, tooltip: str) -> None:
        """Draw a point."""
        self._parts.append(
            f'<circle class="{style}" cx="{self._x(x):.1f}" cy="{self._y(y):.1f}" r="5">'
            f"<title>{escape(tooltip)}</title></circle>"
        )

    def bar(self, x: Span, y: Span, style: str, tooltip: str) -> None:
        """Draw a bar across a span of each axis."""
        left, top = self._x(x[0]), self._y(y[1])
        width, height = max(self._x(x[1]) - left - 1, 0.5), self._y(y[0]) - top
        if height > 0:
            self._parts.append(
                f'<rect class="{style}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}"'
                f' height="{height:.1f}"><title>{escape(tooltip)}</title></rect>'
            )

    def svg(self) -> str:
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(self._label)}">'
            f"{''.join(self._parts)}</svg>"
        )

    def _x(self, value: float) -> float:
        return _LEFT + value / self._x_end * (WIDTH - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - value / self._y_end * (HEIGHT - _TOP - _BOTTOM)

    def _text(self, x: float, y: float, text: str, anchor: str) -> None:
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')


def share_ticks() -> list[Tick]:
    """Ticks from 0 to 1."""
    return [(tick / 5, f"{tick / 5:.1f}") for tick in range(6)]


def round_ticks(end: float) -> Sequence[Tick]:
    """Ticks at round numbers from 0 to `end`."""
    step = next(
        unit * 10**power for power in range(-3, 16) for unit in (1, 2, 5) if end <= 5 * unit * 10**power
    )
    return [(tick * step, f"{tick * step:,g}") for tick in range(int(end / step) + 1)]
