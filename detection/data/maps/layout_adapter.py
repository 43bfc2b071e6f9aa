"""Adapts a ready layout to a file with its columns and other forms of values.

A spreadsheet writes the times and amounts of a public file anew when it saves the file.
"""

from collections.abc import Collection, Mapping
from typing import Any

from detection.data.amounts import AmountColumn
from detection.data.batch_converter import BatchConverter
from detection.data.column_map import LABEL, ColumnMap, Unit
from detection.data.maps.map_proposal import MapProposal, propose_settings
from detection.data.maps.map_reader import parse_column_map
from detection.data.table_file import TableBatch
from detection.data.times import TimeConverter, TimeKind

_KEYS = {"timestamp": ("time",), "amount": ("amount", "refunds"), LABEL: ("labels",)}
# Single values in another form are bad rows.
_MIN_VALID = 0.9


def adapt_layout(
    text: str, column_map: ColumnMap, batch: TableBatch, *, unit: Unit | None = None, timezone: str = ""
) -> MapProposal | None:
    """The layout with the forms of the values in `batch`, None if it reads them as it is.

    `text`: its YAML, that of `column_map`.
    """
    shares = _valid_shares(column_map, batch)
    sources: dict[str, Any] = {}
    for name in (name for name, share in shares.items() if share < _MIN_VALID):
        columns = column_map.sources[name].columns
        sources[name] = columns[0] if len(columns) == 1 else {"columns": list(columns)}
    if not sources:
        return None
    proposal = propose_settings(sources, batch, unit=unit, timezone=timezone)
    layout = MapProposal.from_text(text)
    changed = layout.settings | proposal.settings
    if "timestamp" in sources and "time" not in proposal.settings:
        # Times in ISO 8601 with a zone need no form.
        changed.pop("time", None)
    adapted_shares = _valid_shares(
        parse_column_map(MapProposal(layout.columns, changed).text, column_map.name), batch
    )
    for name in sources:
        if adapted_shares[name] <= shares[name]:
            # The values fit neither form: they are bad rows.
            _restore(_KEYS[name], layout.settings, changed)
    if changed == layout.settings:
        return None
    proposal.columns, proposal.settings = layout.columns, changed
    proposal.questions.insert(
        0, f"The file has the columns of the layout {column_map.name}, and other forms of values."
    )
    return proposal


def _restore(keys: Collection[str], original: Mapping[str, Any], changed: dict[str, Any]) -> None:
    for key in keys:
        changed.pop(key, None)
        if key in original:
            changed[key] = original[key]


def _valid_shares(column_map: ColumnMap, batch: TableBatch) -> dict[str, float]:
    """The shares of times, amounts and labels that are valid in the form of the map."""
    converter = BatchConverter(column_map, TimeKind(column_map.time, None, is_inferred=False))
    texts = {
        name: converter.read_texts(batch, column_map.sources[name])
        for name in _KEYS
        if name in column_map.sources and set(column_map.sources[name].columns) <= batch.columns.keys()
    }
    times = TimeConverter(TimeKind.detect(column_map.time, texts["timestamp"].to_pylist()))
    amounts = AmountColumn(texts["amount"], column_map.amount)
    shares = {
        "timestamp": float(times.convert(texts["timestamp"]).is_valid.mean()),
        "amount": float(amounts.is_valid(column_map.refunds is not None).mean()),
    }
    if LABEL in texts:
        labels = texts[LABEL].to_pylist()
        shares[LABEL] = sum(label.lower() in column_map.labels for label in labels) / len(labels)
    return shares
