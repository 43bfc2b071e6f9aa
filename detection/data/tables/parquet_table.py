"""Parquet files. pyarrow reads them in batches."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import compute, parquet

from detection.data.tables.table_batch import TableBatch, name_columns
from detection.data.tables.text_format import UNDECLARED
from detection.errors import DatasetError

_BATCH_ROWS = 8192


class ParquetTable:
    """A Parquet file. The types of its columns decide: times become ISO 8601, numbers have no exponent."""

    unit = "row"
    text_format = UNDECLARED

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = path.stat().st_size
        self._done = 0
        with self._open() as file:
            schema = file.schema_arrow
            self._count = int(file.metadata.num_rows)
        self.header_names = tuple(str(name) for name in schema.names)
        self.column_names = name_columns(self.header_names)
        types = dict(zip(self.column_names, schema.types, strict=True))
        self.column_types = {name: str(_value_type(data_type)) for name, data_type in types.items()}
        self.unusable_columns = [name for name, data_type in types.items() if _is_unusable(data_type)]

    @property
    def facts(self) -> dict[str, str]:
        """The format."""
        return {"format": "parquet"}

    @property
    def done_bytes(self) -> int:
        """The approximate number of bytes read."""
        return self.size_bytes * self._done // max(self._count, 1)

    def batches(self, columns: Collection[str] | None = None) -> Iterator[TableBatch]:
        """The rows, with these columns or all. Raises DatasetError for a file that is not valid Parquet."""
        self._done = 0
        requested = [name for name in self.column_names if columns is None or name in columns]
        # Columns are read by their names, or all of them if names are repeated.
        read = requested if self.column_names == self.header_names else None
        with self._open() as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=read):
                numbers = np.arange(self._done + 1, self._done + 1 + batch.num_rows)
                self._done += batch.num_rows
                names = batch.schema.names if read else self.column_names
                values = dict(zip(names, batch.columns, strict=True))
                yield TableBatch({name: _convert_to_texts(values[name]) for name in requested}, numbers)

    @contextmanager
    def _open(self) -> Iterator[parquet.ParquetFile]:
        try:
            with parquet.ParquetFile(self.path) as file:
                yield file
        except (pyarrow.ArrowException, OSError) as error:
            details = str(error).splitlines()[0].rstrip(".")
            raise DatasetError(
                f"{self.path}: not valid Parquet: {details}.", "Write the file again."
            ) from error


def _value_type(data_type: pyarrow.DataType) -> pyarrow.DataType:
    return data_type.value_type if pyarrow.types.is_dictionary(data_type) else data_type


def _is_unusable(data_type: pyarrow.DataType) -> bool:
    """Whether a field of a transaction cannot have this type: nested values and durations."""
    storage = data_type.storage_type if isinstance(data_type, pyarrow.BaseExtensionType) else data_type
    return bool(pyarrow.types.is_nested(storage) or pyarrow.types.is_duration(storage))


def _convert_to_texts(values: pyarrow.Array) -> pyarrow.StringArray:
    """The values as text, exactly: an empty text for null, ISO 8601 for times, and no exponents."""
    types = pyarrow.types
    if isinstance(values.type, pyarrow.UuidType):
        return pyarrow.array([str(value or "") for value in values.to_pylist()], pyarrow.string())
    if isinstance(values.type, pyarrow.BaseExtensionType):
        values = values.storage
    if types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if types.is_timestamp(values.type):
        # Times with a zone get a Z, because they are in UTC whatever the zone.
        texts = values.cast(pyarrow.timestamp(values.type.unit)).cast(pyarrow.string())
        if values.type.tz:
            texts = compute.binary_join_element_wise(texts, "Z", "")
    elif types.is_floating(values.type):
        texts = _float_texts(values)
    elif types.is_nested(values.type):
        texts = pyarrow.array(
            [None if value is None else str(value) for value in values.to_pylist()], "string"
        )
    elif _is_binary(values.type):
        texts = pyarrow.array(map(_decode, values.to_pylist()), "string")
    else:
        texts = values.cast(pyarrow.string())
    return texts.fill_null("")


def _is_binary(data_type: pyarrow.DataType) -> bool:
    types = pyarrow.types
    return any(
        check(data_type) for check in (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    )


def _decode(value: bytes | None) -> str | None:
    """The text of bytes, which some writers do not mark as UTF-8, or their hexadecimal digits."""
    if value is None:
        return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    # The bytes of some binary ids are UTF-8 by chance.
    return text if text.isprintable() else value.hex()


def _float_texts(values: pyarrow.Array) -> pyarrow.StringArray:
    # Libraries write a missing number as NaN.
    texts = compute.if_else(compute.is_nan(values), None, values.cast(pyarrow.string()))
    exponents = compute.match_substring(texts, "e")
    if not exponents.true_count:
        return texts
    # The shortest text of a float is exact.
    return pyarrow.array(
        [text and format(Decimal(text), "f") if "e" in (text or "") else text for text in texts.to_pylist()],
        pyarrow.string(),
    )
