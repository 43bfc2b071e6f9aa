"""A field of a transaction is added to one model. Each other place derives it, or is named here."""

import re
from collections.abc import Iterator

import numpy as np
import pyarrow
import pytest

from detection.data.column_map import FIELDS
from detection.data.columns import TransactionBatch
from detection.rules.names import NAME_KINDS, UNAVAILABLE_NAMES
from detection.training.decided_schema import TRANSACTION_COLUMNS
from functions.api.transaction_store import build_transaction_item
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.domain.transaction_event import EVENT_FIELDS, STORED_FIELDS
from operations.privacy.register import RECORDS
from orchestration.environments import ROOT
from stacks.edge.routes import TRANSACTIONS
from tests.unit.functions.builders import NOW, transaction

PERSONAL_FIELDS = {"device_id", "ip_address"}
"""The fields that no alert contains."""

# Accounts and merchants are exported as pseudonyms.
EXPORTED_NAMES = {
    f"{field.name}_id" if field.name == "merchant" else field.name for field in TRANSACTION_COLUMNS
}


def find_missing_places(name: str) -> list[str]:
    """The places that do not know a field of the model `Transaction`."""
    return [place for place, names in _list_places() if name not in names]


def _list_places() -> Iterator[tuple[str, set[str]]]:
    yield "the item: functions/api/transaction_store.py", {*build_transaction_item(transaction(), NOW, 1)}
    yield "the event: functions/common/domain/transaction_event.py", set(EVENT_FIELDS)
    yield (
        "the alert: TransactionFields in functions/common/domain/transaction.py, or PERSONAL_FIELDS here",
        {*STORED_FIELDS, *PERSONAL_FIELDS},
    )
    properties = TRANSACTIONS.schema["properties"]
    assert isinstance(properties, dict)
    yield "the gateway's schema: functions/common/http/request_schema.py", set(properties)
    yield (
        "rules: functions/fraud/scoring/expressions.py and NAME_KINDS, or UNAVAILABLE_NAMES, in"
        " detection/rules/names.py",
        {*NAME_KINDS, *UNAVAILABLE_NAMES},
    )
    yield (
        "exported decisions, if rules read it: TRANSACTION_COLUMNS in detection/training/decided_schema.py",
        {*EXPORTED_NAMES, *UNAVAILABLE_NAMES},
    )
    yield "columns of files: FIELDS in detection/data/column_map.py", set(FIELDS)
    yield "rows of files: TransactionBatch.rows in detection/data/columns.py", _find_row_fields()
    yield "the register of personal data: operations/privacy/register.py", set(RECORDS["Transaction"])
    page = (ROOT / "docs/api.md").read_text()
    yield "documentation: docs/api.md", set(re.findall(r"^\| `(\w+)` \| \w", page, re.MULTILINE))


def _find_row_fields() -> set[str]:
    """The fields of a row in memory whose value is that of the file."""
    texts = {field.name: pyarrow.array(["1"]) for field in TRANSACTION_FIELDS if field.name != "timestamp"}
    batch = TransactionBatch(np.array([1]), np.array([NOW]), np.array([0], np.int8), texts)
    [row] = batch.rows()
    return {name for name in EVENT_FIELDS if getattr(row.transaction, name) is not None}


@pytest.mark.parametrize("name", [field.name for field in TRANSACTION_FIELDS])
def test_field_of_a_transaction_is_known_everywhere(name: str) -> None:
    assert not (missing := find_missing_places(name)), f"'{name}' is missing in\n" + "\n".join(missing)


def test_every_place_is_checked() -> None:
    assert len(find_missing_places("loyalty_card")) == len(list(_list_places()))
