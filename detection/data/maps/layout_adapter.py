"""Adapts a ready layout to a file with its columns and other forms of values.

A spreadsheet writes the times and amounts of a public file anew when it saves the file.
"""

from typing import Any

from detection.data.amounts import AmountColumn
from detection.data.batch_converter import BatchConverter
from detection.data.column_map import LABEL, ColumnMap, Unit
from detection.data.maps.map_proposal import MapProposal, propose_settings
from detection.data.table_file import TableBatch
from detection.data.times import TimeConverter, TimeKind

# Single values in another form are bad rows.
_MIN_VALID = 0.9


def adapt_layout(
    text: str, column_map: ColumnMap, batch: TableBatch, *, unit: Unit | None = None, timezone: str = ""
) -> MapProposal | None:
    """The layout with the forms of the values in `batch`, None if it reads them as it is.

    `text`: its YAML, that of `column_map`.
    """
    misread = _find_misread(column_map, batch)
    if not misread:
        return None
    sources: dict[str, Any] = {}
    for name in misread:
        columns = column_map.sources[name].columns
        sources[name] = columns[0] if len(columns) == 1 else {"columns": list(columns)}
    proposal = propose_settings(sources, batch, unit=unit, timezone=timezone)
    layout = MapProposal.from_text(text)
    if "timestamp" in misread:
        layout.settings.pop("time", None)
    proposal.columns = layout.columns
    proposal.settings = layout.settings | proposal.settings
    proposal.questions.insert(
        0, f"The file has the columns of the layout {column_map.name}, and other forms of values."
    )
    return proposal


def _find_misread(column_map: ColumnMap, batch: TableBatch) -> list[str]:
    """The fields of which many values are not valid in the form of the map."""
    converter = BatchConverter(column_map, TimeKind(column_map.time, None, is_inferred=False))
    texts = {
        name: converter.read_texts(batch, column_map.sources[name])
        for name in ("timestamp", "amount", LABEL)
        if name in column_map.sources and set(column_map.sources[name].columns) <= batch.columns.keys()
    }
    times = TimeConverter(TimeKind.detect(column_map.time, texts["timestamp"].to_pylist()))
    is_valid = {
        "timestamp": times.convert(texts["timestamp"]).is_valid.tolist(),
        "amount": AmountColumn(texts["amount"], column_map.amount)
        .is_valid(column_map.refunds is not None)
        .tolist(),
        LABEL: [label.lower() in column_map.labels for label in texts[LABEL].to_pylist()]
        if LABEL in texts
        else [],
    }
    return [name for name, flags in is_valid.items() if sum(flags) < _MIN_VALID * len(flags)]
