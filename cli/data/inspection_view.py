"""Shows the inspection of a file for the task `data.inspect`."""

from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text

from cli.models.datasets import check_outputs, parse_unit, user_errors
from detection.data.atomic_file import replace_atomically
from detection.data.column_map import check_timezone
from detection.data.dates import format_timestamp
from detection.data.inspection import Inspection, inspect_file
from functions.common.domain.card_numbers import mask_card_numbers
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, print_json, print_message
from terminal.paths import file_size
from terminal.progress import show_progress_bar

_MAX_EXAMPLE_CHARACTERS = 24


def show_inspection(
    file: str, *, columns: str = "", unit: str = "", timezone: str = "", out: str = "", as_json: bool = False
) -> int:
    """Print the inspection and write the map to `out` unless it is empty. Raises UserError.

    Returns the exit status: 1 if no transactions can be read.
    """
    path = Path(file)
    if timezone and not check_timezone(timezone):
        raise UserError(f"--timezone: '{timezone}' is unknown.", "Use a name such as UTC or Europe/Berlin.")
    check_outputs({"--out": out}, {"--data": file})
    with user_errors():
        with show_progress_bar("reading", file_size(path)) as update:
            inspection = inspect_file(
                path, columns, unit=parse_unit(unit), timezone=timezone, progress=update
            )
        # A file can have card numbers, which are not for a terminal or its log.
        for texts in (inspection.notes, inspection.questions, inspection.rejected):
            texts[:] = map(mask_card_numbers, texts)
        if out:
            with replace_atomically(Path(out)) as draft:
                draft.write_text(inspection.proposal, encoding="utf-8")
    if as_json:
        print_json(_to_json(inspection))
    else:
        _print_inspection(inspection, out)
    return 1 if inspection.problem else 0


def _to_json(inspection: Inspection) -> dict[str, object]:
    content: dict[str, object] = msgspec.to_builtins(inspection)
    return content


def _print_inspection(inspection: Inspection, out: str) -> None:
    facts = ", ".join(f"{name} {value!r}" for name, value in inspection.facts.items() if value)
    console.print(Text(f"{inspection.file}: {facts}", style="bold"))
    console.print(_columns_table(inspection))
    for line in _summary_lines(inspection):
        console.print(Text(line))
    for note in inspection.notes:
        console.print(Text(f"note: {note.removeprefix(f'{inspection.file}: ')}"))
    for reason in inspection.rejected:
        console.print(Text(f"bad row: {reason}"))
    if inspection.problem:
        console.print(Text(f"{inspection.problem} {inspection.hint}".rstrip(), style="bold red"))
    _print_map(inspection, out)


def _print_map(inspection: Inspection, out: str) -> None:
    columns = out
    if inspection.map_name == "proposed":
        console.print(Text("\nProposed map:", style="bold"))
        console.print(Text(inspection.proposal.rstrip()))
        for question in inspection.questions:
            console.print(Text(f"check: {question}"))
        columns = out or "map.yaml"
        if not out:
            print_message("Save the map with --out map.yaml.")
    elif inspection.map_name:
        console.print(Text(f"\nMap: {inspection.map_name}"))
        columns = inspection.map_name
    if inspection.problem:
        return
    has_labels = inspection.summary is not None and inspection.summary.frauds > 0
    command = command_line("backtest" if has_labels else "rules.try", data=inspection.file, columns=columns)
    console.print(Text(f"Use the file: {command}", style="dim"))


def _columns_table(inspection: Inspection) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("column", "type", "is read as", "examples"):
        table.add_column(name)
    for column in inspection.columns:
        examples = (text[:_MAX_EXAMPLE_CHARACTERS] for text in column.examples)
        table.add_row(
            Text(column.name), Text(column.type), Text(column.used_as or "-"), Text(" | ".join(examples))
        )
    return table


def _summary_lines(inspection: Inspection) -> list[str]:
    summary = inspection.summary
    if summary is None:
        return []
    first, last = (format_timestamp(time_ms) for time_ms in (summary.first_ms, summary.last_ms))
    currencies = ", ".join(f"{code} {count:,}" for code, count in inspection.currencies.items())
    genuine = summary.transactions - summary.unlabelled - summary.frauds
    lines = [
        f"transactions: {summary.transactions:,}, from {first} to {last} (UTC); times: {inspection.times}",
        f"labels: {summary.frauds:,} fraud, {genuine:,} genuine, {summary.unlabelled:,} unknown",
        f"currencies: {currencies}",
    ]
    if summary.rejected:
        lines.append(f"bad rows: {summary.rejected:,}; --rejects sets them aside")
    return lines
