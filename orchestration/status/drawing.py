"""SVG drawing of boxes and arrows, in columns from left to right.

A box is one column to the right of the last box that it has an arrow from. Arrows are straight and pass
behind the boxes in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

LINE_HEIGHT = 18
CHARACTER_WIDTH = 7.5
PADDING = 12
COLUMN_GAP = 90
ROW_GAP = 28
STYLE = (
    "text { font: 12px ui-monospace, monospace; fill: #1f2328 } .title { font-weight: bold; font-size: 14px }"
    " .heading { fill: #57606a; font-style: italic } .box { fill: #f6f8fa; stroke: #57606a }"
    " .arrow { stroke: #0969da; stroke-width: 1.5; marker-end: url(#head) }"
)
ARROW_HEAD = (
    '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"'
    ' orient="auto"><path d="M 0 0 L 10 5 L 0 10 z" fill="#0969da"/></marker>'
)

# Upper left corners in pixels, by title of the box.
Positions = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Section:
    """Lines under a heading. An arrow leads to it from the box `source`, if set."""

    heading: str
    lines: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True)
class Box:
    """A box with a unique title, a subtitle and sections."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The CSS class and the text of each row."""
        rows = [("title", self.title), ("subtitle", self.subtitle)]
        for section in self.sections:
            rows += [("heading", section.heading), *(("line", line) for line in section.lines)]
        return rows

    @property
    def source_rows(self) -> dict[str, int]:
        """The row that the arrow from each source leads to."""
        rows, row = {}, 2
        for section in self.sections:
            if section.source:
                rows[section.source] = row
            row += 1 + len(section.lines)
        return rows

    @property
    def width(self) -> float:
        return max(len(text) for _, text in self.rows) * CHARACTER_WIDTH + 3 * PADDING

    @property
    def height(self) -> float:
        return len(self.rows) * LINE_HEIGHT + 2 * PADDING


def draw_svg(boxes: Sequence[Box]) -> str:
    """Return the boxes as an SVG document. A box must follow its sources."""
    columns = _arrange_columns(boxes)
    positions = _compute_positions(columns)
    by_title = {box.title: box for box in boxes}
    width = max((positions[box.title][0] + box.width for box in boxes), default=0) + ROW_GAP
    height = max((positions[box.title][1] + box.height for box in boxes), default=0) + ROW_GAP
    arrows = [
        _draw_arrow(by_title[source], box, row, positions)
        for box in boxes
        for source, row in box.source_rows.items()
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
            f' width="{width:g}" height="{height:g}">',
            f"<style>{STYLE}</style><defs>{ARROW_HEAD}</defs>",
            f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
            *arrows,
            *(_draw_box(box, *positions[box.title]) for box in boxes),
            "</svg>\n",
        ]
    )


def _arrange_columns(boxes: Sequence[Box]) -> list[list[Box]]:
    numbers: dict[str, int] = {}
    columns: list[list[Box]] = []
    for box in boxes:
        number = 1 + max((numbers[source] for source in box.source_rows), default=-1)
        numbers[box.title] = number
        if number == len(columns):
            columns.append([])
        columns[number].append(box)
    return columns


def _compute_positions(columns: Sequence[Sequence[Box]]) -> Positions:
    positions: dict[str, tuple[float, float]] = {}
    left = float(ROW_GAP)
    for column in columns:
        top = float(ROW_GAP)
        for box in column:
            positions[box.title] = (left, top)
            top += box.height + ROW_GAP
        left += max(box.width for box in column) + COLUMN_GAP
    return positions


def _draw_box(box: Box, left: float, top: float) -> str:
    texts = []
    for row, (style, text) in enumerate(box.rows):
        x = left + PADDING * (2 if style == "line" else 1)
        y = top + PADDING + LINE_HEIGHT * (row + 0.75)
        texts.append(f'<text class="{style}" x="{x:g}" y="{y:g}">{escape(text)}</text>')
    frame = f'x="{left:g}" y="{top:g}" width="{box.width:g}" height="{box.height:g}"'
    return "\n".join([f'<rect class="box" {frame} rx="6"/>', *texts])


def _draw_arrow(source: Box, target: Box, row: int, positions: Positions) -> str:
    """Draw a line from the title of the source to a row of the target."""
    left, top = positions[source.title]
    start = f'x1="{left + source.width:g}" y1="{_row_center(top, 0):g}"'
    left, top = positions[target.title]
    return f'<line class="arrow" {start} x2="{left:g}" y2="{_row_center(top, row):g}"/>'


def _row_center(top: float, row: int) -> float:
    return top + PADDING + LINE_HEIGHT * (row + 0.5)
