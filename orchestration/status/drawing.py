"""Draws boxes and the arrows between them as SVG, in columns from left to right.

A box stands one column right of the last box that it gets anything from. An arrow that passes a column has a
place of its own there, so that it crosses no box.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from statistics import fmean

LINE = 18
CHARACTER = 7.5
PADDING = 12
COLUMN_GAP = 90
ROW_GAP = 28
ARROW_LANE = 16
STYLE = (
    "text { font: 12px ui-monospace, monospace; fill: #1f2328 } .title { font-weight: bold; font-size: 14px }"
    " .heading { fill: #57606a; font-style: italic } .box { fill: #f6f8fa; stroke: #57606a }"
    " .arrow { fill: none; stroke: #0969da; stroke-width: 1.5; marker-end: url(#head) }"
)
HEAD = (
    '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"'
    ' orient="auto"><path d="M 0 0 L 10 5 L 0 10 z" fill="#0969da"/></marker>'
)


@dataclass(frozen=True)
class Section:
    """Lines under a heading; an arrow comes to it from the box `source`, if it has one."""

    heading: str
    lines: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True)
class Box:
    """A box with a title that is its name, a subtitle and sections."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(section.source for section in self.sections if section.source)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The class and the text of each line below the title."""
        rows = [("subtitle", self.subtitle)]
        for section in self.sections:
            rows += [("heading", section.heading), *(("line", line) for line in section.lines)]
        return rows

    def row_of(self, source: str) -> int:
        """The row of the heading that an arrow from `source` comes to; the title is row 0."""
        row = 2
        for section in self.sections:
            if section.source == source:
                return row
            row += 1 + len(section.lines)
        raise KeyError(source)

    @property
    def width(self) -> float:
        return max(len(text) for _, text in [*self.rows, ("", self.title)]) * CHARACTER + 3 * PADDING

    @property
    def height(self) -> float:
        return (1 + len(self.rows)) * LINE + 2 * PADDING


# A place in a column: of a box, or of an arrow that passes, as (from, to).
Place = str | tuple[str, str]


@dataclass(frozen=True)
class Layout:
    """Where each place is: its left upper corner in pixels, by place and column."""

    at: Mapping[tuple[Place, int], tuple[float, float]]
    widths: Sequence[float]
    size: tuple[float, float]


def as_svg(boxes: Sequence[Box]) -> str:
    """The boxes, each after all that it gets anything from, as an SVG document."""
    columns = _columns(boxes)
    layout = _laid_out(boxes, columns)
    width, height = layout.size
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
            f' width="{width:g}" height="{height:g}">',
            f"<style>{STYLE}</style><defs>{HEAD}</defs>",
            f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
            *(_box(box, *layout.at[box.title, columns[box.title]]) for box in boxes),
            *(_arrow(source, box, columns, layout, boxes) for box in boxes for source in box.sources),
            "</svg>\n",
        ]
    )


def _columns(boxes: Sequence[Box]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for box in boxes:
        columns[box.title] = 1 + max((columns[source] for source in box.sources), default=-1)
    return columns


def _laid_out(boxes: Sequence[Box], columns: Mapping[str, int]) -> Layout:
    by_title = {box.title: box for box in boxes}
    places = _ordered(boxes, columns)

    def height(place: Place) -> float:
        return by_title[place].height if isinstance(place, str) else ARROW_LANE

    heights = [sum(map(height, column)) + ROW_GAP * (len(column) - 1) for column in places]
    widths = [
        max((by_title[one].width for one in column if isinstance(one, str)), default=0) for column in places
    ]
    total = max(heights, default=0) + 2 * ROW_GAP
    at: dict[tuple[Place, int], tuple[float, float]] = {}
    left = float(ROW_GAP)
    for number, column in enumerate(places):
        top = (total - heights[number]) / 2
        for place in column:
            at[place, number] = (left, top)
            top += height(place) + ROW_GAP
        left += widths[number] + COLUMN_GAP
    return Layout(at, widths, (left - COLUMN_GAP + ROW_GAP, total))


def _ordered(boxes: Sequence[Box], columns: Mapping[str, int]) -> list[list[Place]]:
    """The places of each column from top to bottom, each about as high as what it leads to."""
    places: list[list[Place]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    next_of: dict[tuple[Place, int], list[Place]] = {}
    for box in boxes:
        places[columns[box.title]].append(box.title)
        for source in box.sources:
            path = _path(source, box.title, columns)
            for number, place in enumerate(path[1:-1], columns[source] + 1):
                places[number].append(place)
            for number, (place, following) in enumerate(pairwise(path), columns[source]):
                next_of.setdefault((place, number), []).append(following)
    heights: dict[tuple[Place, int], float] = {}
    for number, column in reversed(list(enumerate(places))):
        wanted = {
            place: fmean([heights[one, number + 1] for one in next_of.get((place, number), [])] or [0.5])
            for place in column
        }
        column.sort(key=wanted.__getitem__)
        heights |= {(place, number): (row + 0.5) / len(column) for row, place in enumerate(column)}
    return places


def _path(source: str, target: str, columns: Mapping[str, int]) -> list[Place]:
    return [source, *[(source, target)] * (columns[target] - columns[source] - 1), target]


def _box(box: Box, left: float, top: float) -> str:
    texts = []
    for row, (style, text) in enumerate([("title", box.title), *box.rows]):
        x = left + PADDING * (2 if style == "line" else 1)
        y = top + PADDING + LINE * (row + 0.75)
        texts.append(f'<text class="{style}" x="{x:g}" y="{y:g}">{escape(text)}</text>')
    frame = f'x="{left:g}" y="{top:g}" width="{box.width:g}" height="{box.height:g}"'
    return "\n".join([f'<rect class="box" {frame} rx="6"/>', *texts])


def _arrow(source: str, target: Box, columns: Mapping[str, int], layout: Layout, boxes: Sequence[Box]) -> str:
    [start] = [box for box in boxes if box.title == source]
    left, top = layout.at[source, columns[source]]
    points = [(left + start.width, top + PADDING + LINE / 2)]
    lane = (source, target.title)
    for number in range(columns[source] + 1, columns[target.title]):
        left, top = layout.at[lane, number]
        middle = top + ARROW_LANE / 2
        points += [(left, middle), (left + layout.widths[number], middle)]
    left, top = layout.at[target.title, columns[target.title]]
    points.append((left, top + PADDING + LINE * (target.row_of(source) + 0.5)))
    drawn = f"M {points[0][0]:g} {points[0][1]:g}"
    for (x1, y1), (x2, y2) in pairwise(points):
        bend = (x1 + x2) / 2
        drawn += f" C {bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}"
    return f'<path class="arrow" d="{drawn}"/>'
