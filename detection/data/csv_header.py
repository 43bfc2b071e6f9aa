"""Detection of the delimiter of a CSV file by its header."""

import csv
from collections.abc import Collection

_DELIMITERS = (",", ";", "\t")


def split_header(text: str, known_columns: Collection[str]) -> tuple[list[str], str]:
    """The columns of a header, and the delimiter: comma, semicolon or tab.

    The delimiter is the one that results in the most known columns.
    """
    candidates = [(_split_columns(text, delimiter), delimiter) for delimiter in _DELIMITERS]
    return max(candidates, key=lambda candidate: len(set(candidate[0]) & set(known_columns)))


def _split_columns(text: str, delimiter: str) -> list[str]:
    return [column.strip() for column in next(csv.reader([text], delimiter=delimiter), [])]
