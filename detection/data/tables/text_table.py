"""Delimited text files, plain, in gzip or in a zip file. pyarrow reads them in batches."""

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn

import numpy as np
import pyarrow
import pyarrow.csv
from numpy.typing import NDArray
from pyarrow import compute

from detection.data.tables.line_counter import LineCounter
from detection.data.tables.other_formats import find_other_format
from detection.data.tables.table_batch import TableBatch, name_columns
from detection.data.tables.text_format import (
    DELIMITERS,
    UNDECLARED,
    TextFormat,
    TextHeader,
    count_line_breaks,
    read_header,
    split_lines,
    zero_byte_error,
)
from detection.errors import DatasetError, EmptyDatasetError, EncodingError

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
# pyarrow decodes with the codec of Python, unless the encoding has the name utf-8. It would then print a
# traceback for a malformed row that is not UTF-8.
_CODECS = {"utf-8": "utf-8-sig"}
# pyarrow reads 32 blocks ahead, and memory holds them.
_BLOCK_BYTES = 1 << 18
_HEADER_BYTES = 64 << 10
# Without a limit, an unclosed quote would read the rest of the file as one cell.
_MAX_CELL_CHARACTERS = 64 << 10
_MAX_MEMBERS = 3
_EMPTY = pyarrow.array([], pyarrow.string())
_COMPRESSION_ERRORS = (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError)
_READ_ERRORS = (pyarrow.ArrowException, UnicodeDecodeError, OSError, *_COMPRESSION_ERRORS)


class TextTable:
    """A delimited text file with a header. Columns without a name are called as pandas calls them."""

    unit = "line"
    unusable_columns: Sequence[str] = ()

    def __init__(
        self, path: Path, declared: TextFormat = UNDECLARED, known_columns: Collection[str] = ()
    ) -> None:
        self.path = path
        self.size_bytes = path.stat().st_size
        self._raw: IO[bytes] | None = None
        with self._open() as (stream, compression):
            beginning = stream.read(_HEADER_BYTES)
            is_whole = len(beginning) < _HEADER_BYTES
        if not beginning.strip():
            raise EmptyDatasetError(f"{path}: the file is empty.", "Add a header and transactions.")
        if beginning.startswith(_PARQUET):
            raise DatasetError(f"{path}: contains a Parquet file.", "Extract it first.")
        if compression and beginning.startswith((_GZIP, *_ZIPS)):
            raise DatasetError(f"{path}: contains another compressed file.", "Extract it first.")
        if beginning.lstrip().startswith((b"{", b"[")):
            raise DatasetError(f"{path}: contains JSON.", "Convert it to CSV or Parquet.")
        if other_format := find_other_format(beginning):
            raise DatasetError(
                f"{path}: the file is {other_format}.", "Save it as CSV, also in gzip or zip, or as Parquet."
            )
        self._compression = compression
        self._header = read_header(beginning, declared, known_columns, str(path), is_whole=is_whole)
        self.header_names = self._header.names
        self.column_names = name_columns(self.header_names)

    @property
    def facts(self) -> dict[str, str]:
        """The format as detected or declared: format, delimiter, quote, encoding and compression."""
        text_format = self._header.format
        delimiter = text_format.delimiter
        return {
            "format": "text",
            "delimiter": DELIMITERS.get(delimiter, delimiter),
            "quote": text_format.quote,
            "encoding": text_format.encoding,
            "compression": self._compression,
        }

    @property
    def text_format(self) -> TextFormat:
        return self._header.format

    @property
    def header(self) -> TextHeader:
        return self._header

    @property
    def column_types(self) -> dict[str, str]:
        """The type of each column."""
        return dict.fromkeys(self.column_names, "text")

    @property
    def done_bytes(self) -> int:
        """The approximate number of bytes read."""
        return self._raw.tell() if self._raw else self.size_bytes

    def batches(self, columns: Collection[str] | None = None) -> Iterator[TableBatch]:
        """The rows, with these columns or all. Blank lines and rows of empty cells are left out.

        Raises DatasetError for a file that is not readable from some line on.
        """
        if self._header.is_alone:
            return
        requested = [name for name in self.column_names if columns is None or name in columns]
        counter = LineCounter(self._header)
        with self._open() as (opened, _):
            stream = _RememberingStream(opened)
            try:
                with self._open_csv(stream, counter) as reader:
                    for batch in reader:
                        yield self._convert(batch, counter, requested)
            except _READ_ERRORS as error:
                self._raise_error(error)
        malformed = counter.take_malformed(is_end=True)
        if counter.is_last_broken or (not malformed and self._ends_in_quote(stream.end)):
            # An unclosed quote contains the rest of the file.
            self._find_csv_error()
        if malformed:
            yield TableBatch(dict.fromkeys(requested, _EMPTY), np.array([], np.int64), malformed)

    def read_beginning(self) -> bytes:
        """The first decompressed bytes."""
        with self._open() as (stream, _):
            return stream.read(_HEADER_BYTES)

    def _ends_in_quote(self, end: bytes) -> bool:
        """Whether the last line has an odd number of quotes: pyarrow closes its cell without an error."""
        text_format = self._header.format
        lines = split_lines(end.decode(text_format.encoding, errors="replace"))
        return bool(lines) and lines[-1].count(text_format.quote) % 2 == 1

    def _open_csv(
        self, stream: "_RememberingStream", counter: "LineCounter"
    ) -> pyarrow.csv.CSVStreamingReader:
        names = [str(index) for index in range(len(self.column_names))]
        text_format = self._header.format
        return pyarrow.csv.open_csv(
            stream,
            # One thread: the handler of invalid rows needs the numbers of rows.
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                column_names=names,
                skip_rows_after_names=self._header.rows,
                encoding=_CODECS.get(text_format.encoding, text_format.encoding),
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=text_format.delimiter,
                quote_char=text_format.quote,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=counter.add_malformed,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pyarrow.string()), strings_can_be_null=False
            ),
        )

    def _convert(
        self, batch: pyarrow.RecordBatch, counter: "LineCounter", requested: list[str]
    ) -> TableBatch:
        numbers = counter.count(batch)
        self._check_zero_bytes(batch, numbers)
        if (blank := _blank_rows(batch)) is not None:
            batch = batch.filter(compute.invert(blank))
            numbers = numbers[~blank.to_numpy(zero_copy_only=False)]
        columns = dict(zip(self.column_names, map(self._unquote, batch.columns), strict=True))
        return TableBatch({name: columns[name] for name in requested}, numbers, counter.take_malformed())

    def _unquote(self, column: pyarrow.StringArray) -> pyarrow.StringArray:
        """The texts of cells such as ` "a"`: pyarrow takes a quote after a blank for text."""
        if not self._header.has_padded_quotes:
            return column
        quote = re.escape(self._header.format.quote)
        return compute.replace_substring_regex(column, pattern=f"^ +{quote}(.*){quote} *$", replacement=r"\1")

    def _check_zero_bytes(self, batch: pyarrow.RecordBatch, numbers: NDArray[np.int64]) -> None:
        """Raise EncodingError for a zero byte after the beginning of the file."""
        for column in batch.columns:
            buffer = column.buffers()[-1]
            if buffer is None or b"\0" not in buffer.to_pybytes():
                continue
            rows = compute.match_substring(column, "\0").to_numpy(zero_copy_only=False).nonzero()[0]
            if len(rows):
                raise zero_byte_error(f"{self.path}: line {numbers[rows[0]]}")

    def _raise_error(self, error: Exception) -> NoReturn:
        if isinstance(error, _COMPRESSION_ERRORS):
            raise DatasetError(
                f"{self.path}: the compressed data is damaged: {str(error).rstrip('.')}.", "Copy it again."
            ) from error
        self._find_undecodable_line(error)
        self._find_csv_error()
        details = str(error).splitlines()[0].rstrip(".")
        raise DatasetError(f"{self.path}: not readable: {details}.", "Check its quotes.") from error

    def _find_undecodable_line(self, error: Exception) -> None:
        """Raises DatasetError for the first line that the encoding cannot decode."""
        encoding, line = self._header.format.encoding, 1
        # The newline decoder also counts a CRLF once that two blocks share.
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
        with self._open() as (stream, _):
            while block := stream.read(_BLOCK_BYTES):
                try:
                    line += decoder.decode(block).count("\n")
                except UnicodeDecodeError as position:
                    before = position.object[: position.start].decode(encoding, errors="replace")
                    line += count_line_breaks(before)
                    raise EncodingError(
                        f"{self.path}: line {line}: not {encoding.upper()}.",
                        "Save it as UTF-8, or declare its encoding in the file of --columns, such as"
                        " 'encoding: latin-1'.",
                    ) from error
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise DatasetError(
                f"{self.path}: line {line}: the file ends within a character.", "Copy it again."
            ) from error

    def _find_csv_error(self) -> None:
        """Raises DatasetError with the line of an unclosed quote or of a cell that is too long."""
        text_format = self._header.format
        with (
            self._open() as (stream, _),
            io.TextIOWrapper(stream, encoding=text_format.encoding, errors="replace", newline="") as text,
        ):
            csv.field_size_limit(_MAX_CELL_CHARACTERS)
            reader = csv.reader(
                text, delimiter=text_format.delimiter, quotechar=text_format.quote, strict=True
            )
            line = 1
            try:
                for _cells in reader:
                    line = reader.line_num + 1
            except csv.Error as error:
                raise DatasetError(
                    f"{self.path}: line {line}: not valid CSV: {error}.",
                    "Check its quotes: a quote that is not closed contains the rest of the file.",
                ) from error

    @contextmanager
    def _open(self) -> Iterator[tuple[IO[bytes], str]]:
        """The decompressed bytes, and the name of the compression or an empty string."""
        with ExitStack() as stack:
            raw = self._raw = stack.enter_context(self.path.open("rb"))
            stack.callback(self._close)
            beginning = raw.read(4)
            raw.seek(0)
            if beginning.startswith(_GZIP):
                stream: IO[bytes] = gzip.GzipFile(fileobj=raw)  # type: ignore[assignment]
                yield stack.enter_context(stream), "gzip"
            elif beginning in _ZIPS:
                yield stack.enter_context(self._open_zip(raw)), "zip"
            else:
                yield raw, ""

    def _open_zip(self, raw: IO[bytes]) -> IO[bytes]:
        try:
            archive = zipfile.ZipFile(raw)
        except zipfile.BadZipFile as error:
            raise DatasetError(f"{self.path}: the zip file is damaged: {error}.", "Copy it again.") from error
        members = [name for name in archive.namelist() if not _is_hidden(name)]
        if "[Content_Types].xml" in members:
            raise DatasetError(f"{self.path}: the file is a workbook.", "Save it as CSV, in UTF-8.")
        if len(members) != 1:
            names = f" ({', '.join(members[:_MAX_MEMBERS])})" if members else ""
            raise DatasetError(
                f"{self.path}: the zip file contains {len(members)} files, not one{names}.",
                "Extract the one to read.",
            )
        try:
            return archive.open(members[0])
        except (RuntimeError, NotImplementedError) as error:
            raise DatasetError(f"{self.path}: {str(error).rstrip('.')}.", "Extract it first.") from error

    def _close(self) -> None:
        self._raw = None


def _is_hidden(name: str) -> bool:
    """Whether a member of a zip file is a folder, or a file that operating systems add."""
    path = PurePosixPath(name)
    return name.endswith("/") or path.name.startswith(".") or "__MACOSX" in path.parts


class _RememberingStream(io.BufferedIOBase):
    """Reads another stream. `end` has the last bytes that were read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.end = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        block = self._stream.read(-1 if size is None else size)
        self.end = (self.end + block)[-_HEADER_BYTES:]
        return block


def _blank_rows(batch: pyarrow.RecordBatch) -> pyarrow.BooleanArray | None:
    """A flag for each row whose cells are all empty, or None if there is no such row."""
    blank = None
    for column in batch.columns:
        empty = compute.equal(compute.binary_length(column), 0)
        blank = empty if blank is None else compute.and_(blank, empty)
        if not blank.true_count:
            return None
    return blank
