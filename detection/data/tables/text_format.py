"""Detection of the format of a delimited text file by its beginning."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from detection.errors import EmptyDatasetError, EncodingError

# If two delimiters result in as many columns, the first one is chosen: texts contain commas.
DELIMITERS = {";": "semicolon", "\t": "tab", "|": "vertical bar", ",": "comma"}
# They separate columns only if no other character does, because names and times contain them.
_RARE_DELIMITERS = ("^", "~", "\x01", "\x1f", ":", " ")
_MIN_COLUMNS = 3
_SAMPLE_ROWS = 50
# The first line of a file for Excel, which names the delimiter.
_SEPARATOR_LINE = re.compile(r'"?sep=(?=[\x01-\x7f])([^\w"\r\n])"? *[\r\n]')
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class TextFormat:
    """The declared or detected format. An empty string is not declared: it is detected.

    `encoding`: a codec of Python. `quote`: the quotation mark around cells.
    """

    encoding: str = ""
    delimiter: str = ""
    quote: str = ""


UNDECLARED = TextFormat()


@dataclass(frozen=True)
class TextHeader:
    """The columns of a text file, and its layout.

    `names` are as in the file, empty for a column without a name. `rows` is the number of records to skip,
    with blank lines before the header, and `lines` the number of their lines. `is_alone`: whether the file
    ends with the header. `has_padded_quotes`: whether a blank separates a quote from the delimiter before it.
    """

    format: TextFormat
    names: tuple[str, ...]
    rows: int
    lines: int
    is_alone: bool
    has_padded_quotes: bool


def split_lines(text: str) -> list[str]:
    """The lines with their breaks: CR, LF or CRLF, as pyarrow reads them, even mixed in one file.

    `str.splitlines` also splits at other characters, such as the line separator of Unicode.
    """
    return list(io.StringIO(text, newline=""))


def count_line_breaks(text: str) -> int:
    """The number of line breaks of any kind."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def detect_encoding(beginning: bytes, name: str) -> str:
    """The encoding by the byte order mark, or UTF-8. Raises DatasetError for UTF-16 without a mark."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if beginning.startswith(mark):
            return encoding
    if b"\0" in beginning:
        line = 1 + beginning[: beginning.index(b"\0")].count(b"\n")
        if encoding := find_utf_16(beginning):
            raise EncodingError(
                f"{name}: line {line}: the file contains zero bytes, as UTF-16 without a byte order mark"
                " does.",
                f"Save it as UTF-8, or declare 'encoding: {encoding}' in the file of --columns.",
            )
        raise zero_byte_error(f"{name}: line {line}")
    return "utf-8"


def zero_byte_error(place: str) -> EncodingError:
    """The error for a zero byte in text."""
    return EncodingError(
        f"{place}: the file contains a zero byte, so that it is damaged or not a text file.",
        "Export it again as CSV or Parquet, or remove the zero bytes.",
    )


def find_utf_16(beginning: bytes) -> str:
    """The kind of UTF-16 without a byte order mark that the beginning of a file has; empty if it has none."""
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if beginning[offset::2].count(0) > len(beginning) // 4:
            return encoding
    return ""


def read_header(
    beginning: bytes, declared: TextFormat, known_columns: Collection[str], name: str, *, is_whole: bool
) -> TextHeader:
    """Read the header in the beginning of a file. Raises DatasetError for a header that is not readable.

    The delimiter is the one that results in the most known columns, and then in the most columns. If the
    usual ones result in one column, it is one with which all rows have the columns of the header.
    `is_whole`: whether `beginning` is the whole file.
    """
    encoding = declared.encoding or detect_encoding(beginning, name)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(beginning, final=False)
    except UnicodeDecodeError:
        # The line of the error is found when the rows are read.
        text = beginning.decode(encoding, errors="replace")
    text = text.lstrip("\N{BYTE ORDER MARK}")
    separator = _SEPARATOR_LINE.match(text)
    if separator and not declared.delimiter:
        declared = replace(declared, delimiter=separator[1])
    found = replace(declared, encoding=encoding, quote=declared.quote or _detect_quote(text))
    skipped = int(bool(separator))

    def split(delimiters: Iterable[str]) -> list[TextHeader]:
        formats = (replace(found, delimiter=delimiter) for delimiter in delimiters)
        return [_split(text, text_format, is_whole=is_whole, skipped_rows=skipped) for text_format in formats]

    splits = split([declared.delimiter] if declared.delimiter else DELIMITERS)
    header = max(splits, key=lambda split: (len(_known(split.names, known_columns)), len(split.names)))
    if len(header.names) == 1 and not declared.delimiter:
        header = next((other for other in split(_RARE_DELIMITERS) if _is_regular(other, text)), header)
    if not header.names:
        raise EmptyDatasetError(f"{name}: the file is empty.", "Add a header and transactions.")
    return header


def _known(names: Sequence[str], known_columns: Collection[str]) -> set[str]:
    return set(names) & set(known_columns)


def _detect_quote(text: str) -> str:
    """A single quote if the cells of the first lines are in single quotes, else a double quote."""
    lines = split_lines(text)[:_SAMPLE_ROWS]
    single = sum(line.count(f"'{delimiter}'") for line in lines for delimiter in DELIMITERS)
    return "'" if single and '"' not in text else '"'


def _split(text: str, text_format: TextFormat, *, is_whole: bool, skipped_rows: int) -> TextHeader:
    delimiter, quote = text_format.delimiter, text_format.quote
    has_padded_quotes = delimiter != " " and f"{delimiter} {quote}" in text
    reader = csv.reader(
        split_lines(text), delimiter=delimiter, quotechar=quote, skipinitialspace=has_padded_quotes
    )
    rows, names, lines = 0, [], 0
    body: list[list[str]] = []
    try:
        for cells in reader:
            rows, lines = rows + 1, reader.line_num
            if rows > skipped_rows and any(cell.strip() for cell in cells):
                names = [cell.strip() for cell in cells]
                break
        body = [cells for cells in islice(reader, _SAMPLE_ROWS) if cells]
    except csv.Error:
        # The line of the error is found when the rows are read.
        pass
    if not is_whole and len(body) > 1:
        # The beginning may end within a row.
        body.pop()
    return TextHeader(
        text_format,
        tuple(_fit(names, body)),
        rows,
        lines,
        is_alone=is_whole and not body,
        has_padded_quotes=has_padded_quotes,
    )


def _is_regular(header: TextHeader, text: str) -> bool:
    """Whether the header has several columns, and the rows in the text have as many."""
    # The text may end within a row.
    lines = split_lines(text)[header.lines : header.lines + _SAMPLE_ROWS]
    text_format = header.format
    reader = csv.reader(lines[:-1] or lines, delimiter=text_format.delimiter, quotechar=text_format.quote)
    width = len(header.names)
    return width >= _MIN_COLUMNS and all(len(cells) == width for cells in reader if cells)


def _fit(names: list[str], body: Sequence[list[str]]) -> list[str]:
    """The header with as many columns as most rows, if only empty columns at its end are too many or few."""
    if not body or not names:
        return names
    width = Counter(map(len, body)).most_common(1)[0][0]
    if width > len(names) and not any(cell for cells in body for cell in cells[len(names) :]):
        return names + [""] * (width - len(names))
    if 1 < width < len(names) and not any(names[width:]):
        return names[:width]
    return names
