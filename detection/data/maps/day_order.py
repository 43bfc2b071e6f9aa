"""Decides whether the day or the month is first in times such as 1/2/2026, by all rows of a file."""

from collections import Counter

from detection.data.batch_converter import BatchConverter
from detection.data.column_map import TimeFormat
from detection.data.maps.map_proposal import MapProposal, ask_for_day_order
from detection.data.maps.map_reader import parse_column_map
from detection.data.table_file import Table
from detection.data.times import END_MS, TimeConverter, TimeKind

# Fewer times can be bad ones.
_CLEAR_MAJORITY = 10


def settle_day_order(proposal: MapProposal, table: Table) -> None:
    """Choose the format that most times have, if those of the first rows have several formats.

    If all times have each of them, the one with the shortest period is chosen, and the question remains: a
    file rarely has the same day of consecutive months only. Raises DatasetError.
    """
    formats = proposal.time_formats
    is_chosen = proposal.settings.get("time", {}).get("format") in formats
    if len(formats) <= 1 or proposal.missing or not is_chosen:
        return
    column_map = parse_column_map(proposal.text, "proposed")
    source = column_map.sources["timestamp"]
    reader = BatchConverter(column_map, TimeKind(column_map.time, None, is_inferred=False))
    converters = {name: TimeConverter(TimeKind.detect(TimeFormat(format=name), ())) for name in formats}
    counts: Counter[str] = Counter(dict.fromkeys(formats, 0))
    first_ms, last_ms = dict.fromkeys(formats, END_MS), dict.fromkeys(formats, 0)
    for batch in table.batches(source.columns):
        texts = reader.read_texts(batch, source)
        for name, converter in converters.items():
            times = converter.convert(texts)
            valid_times = times.times_ms[times.is_valid]
            counts[name] += len(valid_times)
            first_ms[name] = min(first_ms[name], int(valid_times.min(initial=END_MS)))
            last_ms[name] = max(last_ms[name], int(valid_times.max(initial=0)))
        if max(counts.values()) - min(counts.values()) >= _CLEAR_MAJORITY:
            break
    proposal.settings["time"]["format"] = min(
        formats, key=lambda name: (-counts[name], last_ms[name] - first_ms[name])
    )
    if len(set(counts.values())) > 1:
        proposal.questions.remove(ask_for_day_order(formats))
