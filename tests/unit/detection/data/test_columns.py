from decimal import Decimal

import msgspec

from detection.data.columns import LabelledTransaction, batch_rows
from tests.unit.detection.transactions import make_transaction


def test_rows_are_the_same_after_they_were_columns() -> None:
    zero = make_transaction(amount="0")
    full = msgspec.structs.replace(
        make_transaction(), currency="JPY", type="refund", original_transaction_id="t0", channel="atm",
        country="DE", device_id="d", ip_address="192.0.2.1", merchant_category="5411",
    )  # fmt: skip
    rows = [
        LabelledTransaction(zero, None, ""),
        LabelledTransaction(full, True, "mule"),
        LabelledTransaction(make_transaction(amount="12.5"), False, ""),
    ]
    batches = list(batch_rows(rows, 2))
    assert [len(batch) for batch in batches] == [2, 1]
    again = [labelled for batch in batches for labelled in batch.rows()]
    assert again == rows
    assert again[0].transaction.amount == Decimal(0)
