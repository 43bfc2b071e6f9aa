import msgspec

from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.domain.transaction_event import EVENT_FIELDS, stored_values
from tests.unit.functions.builders import inserted, suspicious


def test_event_has_every_posted_field_except_the_ip_address() -> None:
    posted = {field.name for field in TRANSACTION_FIELDS}
    assert posted - set(EVENT_FIELDS) == {"ip_address"}
    assert set(EVENT_FIELDS) - posted == {"received_at"}


def test_queue_message_has_no_device() -> None:
    assert inserted().device_id == "device 7"
    body = msgspec.json.encode(SuspiciousTransaction(**stored_values(inserted()), score=0.6, reasons=()))
    assert b"device" not in body


def test_queue_message_is_restored_from_its_json_with_an_exact_amount() -> None:
    body = msgspec.json.encode(suspicious())
    assert b'"amount":"12500.5"' in body
    assert msgspec.json.decode(body, type=SuspiciousTransaction) == suspicious()
