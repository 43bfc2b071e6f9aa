"""The columns of exported decisions: Parquet files with the features that the pipeline recorded.

A folder of an export has one file a day, `day=2026-09-01/decisions.parquet`, with rows in order of time. The
schema's metadata says which features the files have. Accounts and merchants are pseudonyms.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow
from msgspec import Struct

from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.transaction import MAX_FRACTION_DIGITS, MAX_WHOLE_DIGITS

FILE_NAME = "decisions.parquet"
_METADATA_KEY = b"fraud_decisions"
_AMOUNT = pyarrow.decimal128(MAX_WHOLE_DIGITS + MAX_FRACTION_DIGITS, MAX_FRACTION_DIGITS)

TRANSACTION_COLUMNS = (
    pyarrow.field("timestamp", pyarrow.int64(), nullable=False),
    pyarrow.field("account", pyarrow.string(), nullable=False),
    pyarrow.field("merchant", pyarrow.string(), nullable=False),
    pyarrow.field("amount", _AMOUNT, nullable=False),
    pyarrow.field("currency", pyarrow.string(), nullable=False),
    pyarrow.field("country", pyarrow.string()),
    pyarrow.field("channel", pyarrow.string()),
    pyarrow.field("merchant_category", pyarrow.string()),
)
"""The fields that conditions of rules read. The timestamp is in epoch milliseconds."""

LABEL_COLUMNS = (
    # The posted label, and the label to learn from, which is null while it is not known.
    pyarrow.field("label", pyarrow.string()),
    pyarrow.field("is_fraud", pyarrow.bool_()),
)

DECISION_COLUMNS = (
    pyarrow.field("score", pyarrow.float64(), nullable=False),
    pyarrow.field("suspicious", pyarrow.bool_(), nullable=False),
    pyarrow.field("decided_by", pyarrow.string(), nullable=False),
    pyarrow.field("rules", pyarrow.string(), nullable=False),
    pyarrow.field("model", pyarrow.string(), nullable=False),
    pyarrow.field("reasons", pyarrow.list_(pyarrow.string()), nullable=False),
    pyarrow.field("shadow_rules", pyarrow.list_(pyarrow.string()), nullable=False),
    # 0 in decisions of older versions, which did not record it.
    pyarrow.field("label_delay_days", pyarrow.int16(), nullable=False),
)

FEATURE_COLUMNS = tuple(pyarrow.field(name, pyarrow.float64()) for name in FEATURE_NAMES)
"""The features of this version, null if unknown."""


class DecidedFormat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The metadata of a file. `label_delay_days`: the age from which an unlabelled transaction is genuine."""

    format: Literal[1] = 1
    features_version: int = FEATURES_VERSION
    features: tuple[str, ...] = FEATURE_NAMES
    label_delay_days: int


def make_schema(label_delay_days: int) -> pyarrow.Schema:
    """The schema of exported decisions with the features of this version."""
    metadata = msgspec.json.encode(DecidedFormat(label_delay_days=label_delay_days))
    return pyarrow.schema(
        [*TRANSACTION_COLUMNS, *LABEL_COLUMNS, *DECISION_COLUMNS, *FEATURE_COLUMNS],
        {_METADATA_KEY: metadata},
    )


def read_format(metadata: Mapping[bytes, bytes] | None) -> DecidedFormat | None:
    """The format in a schema's metadata, or None for another file. Raises msgspec.DecodeError."""
    encoded: Any = (metadata or {}).get(_METADATA_KEY)
    return None if encoded is None else msgspec.json.decode(encoded, type=DecidedFormat)


def day_file(folder: Path, day: str) -> Path:
    """The file of a day such as 2026-09-01. Engines read the day from the folder's name."""
    return folder / f"day={day}" / FILE_NAME
