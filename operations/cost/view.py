"""The estimated cost of an environment as tables or as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from functions.common.http.batch_schema import MAX_BATCH_ENTRIES
from operations.cost import assumptions, prices
from operations.cost.assumptions import Assumption
from operations.cost.estimate import PARTS, PER_MILLION, CostLine, Estimate, Part
from operations.cost.estimator import estimate_environment
from orchestration.session import EnvironmentSession
from terminal.errors import UserError
from terminal.output import console, print_json
from terminal.progress import show_activity
from terminal.tables import fit_table

_COLUMNS = ("layer", "service", "item", "quantity", "unit", "USD")
_OPTIONAL_COLUMNS = ("unit", "quantity")
_NUMBERS = frozenset({"quantity", "USD"})
_TITLES: Mapping[Part, str] = {
    "transactions": "A million transactions",
    "storage": "Storage of a million transactions until they expire",
    "fixed": "A month",
    "alarms": "A month of alarms",
}


def show_cost(
    session: EnvironmentSession, *, per_day: int, items_per_request: int = 1, as_json: bool = False
) -> None:
    """Print the estimated cost at `per_day` transactions a day. Raises UserError."""
    if not 1 <= items_per_request <= MAX_BATCH_ENTRIES:
        raise UserError(
            f"--items-per-request: {items_per_request} is out of bounds.",
            f"Use a number from 1 to {MAX_BATCH_ENTRIES}.",
        )
    with show_activity("Running the programs of the layers and a typical transaction"):
        estimate = estimate_environment(session, per_day, items_per_request)
    region = prices.REGION if session.is_local else session.account.region
    if as_json:
        print_json({"environment": session.name, "region": region, **_to_json(estimate)})
    else:
        _print_tables(session.name, region, estimate)


def _to_json(estimate: Estimate) -> dict[str, Any]:
    return {
        "currency": "USD",
        "prices": {"region": prices.REGION, "date": prices.DATE},
        "transactions_per_day": estimate.per_day,
        "items_per_request": estimate.items_per_request,
        "has_batch_route": estimate.has_batch_route,
        "write_units": estimate.write_units,
        "origin_write_units": estimate.origin_write_units,
        "read_units": estimate.read_units,
        "per_million": {
            "total": _round(estimate.per_million(estimate.usd_per_month)),
            **{part: _round(estimate.part_usd(part)) for part in PER_MILLION},
        },
        "per_month": {
            "total": _round(estimate.usd_per_month),
            **{part: _round(_part_monthly_usd(estimate, part)) for part in PARTS},
            "layers": _sums_to_json(estimate.sum_monthly(lambda line: line.layer)),
            "services": _sums_to_json(estimate.sum_monthly(lambda line: line.service)),
        },
        "lines": [_line_to_json(line) for line in estimate.lines],
        "not_included": [_line_to_json(line) for line in estimate.uncertain_lines],
        "assumptions": [*(assumption._asdict() for assumption in assumptions.ALL), *assumptions.FURTHER],
    }


def _line_to_json(line: CostLine) -> dict[str, Any]:
    return {
        "part": line.part,
        "per": "million transactions" if line.part in PER_MILLION else "month",
        "layer": line.layer,
        "service": line.service,
        "item": line.item,
        "quantity": line.quantity,
        "usd": line.usd,
        "price": line.price._asdict(),
    }


def _sums_to_json(sums: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _round(usd) for name, usd in sums.items()}


def _round(usd: float | None) -> float | None:
    return None if usd is None else round(usd, 4)


def _part_monthly_usd(estimate: Estimate, part: Part) -> float:
    return sum(estimate.monthly_usd(line) for line in estimate.lines if line.part == part)


def _print_tables(environment: str, region: str, estimate: Estimate) -> None:
    for part in PARTS:
        lines = [line for line in estimate.lines if line.part == part]
        _print_section(_TITLES[part], _fit_line_table(lines))
    _print_section("A month by layer", _sum_table(estimate, estimate.sum_monthly(lambda line: line.layer)))
    _print_section(
        "A month by service", _sum_table(estimate, estimate.sum_monthly(lambda line: line.service))
    )
    _print_list("Assumptions", _format_assumptions(assumptions.ALL))
    _print_list("Not included, because AWS's documentation does not decide", _format_uncertain(estimate))
    parts: dict[str, float] = {part: _part_monthly_usd(estimate, part) for part in PARTS}
    title = f"'{environment}' at {estimate.per_day:,} transactions a day, {_format_requests(estimate)}"
    _print_section(title, _sum_table(estimate, parts))
    writes, reads = estimate.write_units, estimate.read_units
    without_origin = writes - estimate.origin_write_units
    console.print(
        f"A transaction consumes {writes:.3g} write request units, {without_origin:.3g} without a device and"
        f" IP address, and {reads:.3g} read request units."
    )
    console.print(f"List prices of {prices.REGION}, compared on {prices.DATE}: operations/cost/prices.py")
    if estimate.items_per_request > 1 and not estimate.has_batch_route:
        text = "The environment has no route for batches. Set batchRequestsPerSecond of edge to open it."
        console.print(Text(text, "yellow"))
    if region != prices.REGION:
        console.print(Text(f"The environment is in {region}, whose prices differ.", "yellow"))


def _print_section(title: str, table: Table) -> None:
    console.print(Text(title, "bold"))
    console.print(table)
    console.print()


def _print_list(title: str, entries: Iterable[str]) -> None:
    console.print(Text(title, "bold"))
    for entry in entries:
        console.print(Text(f"- {entry}"))
    console.print()


def _fit_line_table(lines: Sequence[CostLine]) -> Table:
    def build(columns: Sequence[str]) -> Table:
        table = _make_table(columns)
        for line in lines:
            cells = {
                "layer": line.layer,
                "service": line.service,
                "item": line.item,
                "quantity": _format_quantity(line.quantity),
                "unit": line.price.unit,
                "USD": _format_usd(line.usd),
            }
            table.add_row(*(cells[column] for column in columns))
        sums = {"layer": "sum", "USD": _format_usd(sum(line.usd for line in lines))}
        table.add_row(*(sums.get(column, "") for column in columns), style="bold")
        return table

    return fit_table(build, _COLUMNS, _OPTIONAL_COLUMNS, console)


def _sum_table(estimate: Estimate, monthly: Mapping[str, float]) -> Table:
    """Monthly amounts, also for a million transactions, with their sum."""
    table = _make_table(("", "USD a million", "USD a month"))
    total = sum(monthly.values())
    for name, usd in (*monthly.items(), ("sum", total)):
        per_million = estimate.per_million(usd)
        table.add_row(
            name,
            "·" if per_million is None else _format_usd(per_million),
            _format_usd(usd),
            style="bold" if name == "sum" else "",
        )
    return table


def _make_table(columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        is_number = column in _NUMBERS or column.startswith("USD")
        table.add_column(column, justify="right" if is_number else "left", no_wrap=True)
    return table


def _format_assumptions(entries: Iterable[Assumption]) -> Iterator[str]:
    for entry in entries:
        yield f"{entry.name}: {entry.value:g} {entry.unit} ({entry.reason})"
    yield from assumptions.FURTHER


def _format_uncertain(estimate: Estimate) -> Iterator[str]:
    for line in estimate.uncertain_lines:
        unit = "a million transactions" if line.part in PER_MILLION else "a month"
        yield f"${_format_usd(line.usd)} {unit}: {line.item}"


def _format_requests(estimate: Estimate) -> str:
    items = estimate.items_per_request
    return "single requests" if items == 1 else f"{items} transactions in a request"


def _format_quantity(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity >= 100 else f"{quantity:.3g}"  # noqa: PLR2004  # three digits


def _format_usd(usd: float) -> str:
    return f"{usd:,.2f}" if usd >= 0.005 else f"{usd:.2g}"  # noqa: PLR2004  # rounds to a cent
