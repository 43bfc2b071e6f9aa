import msgspec

from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction import FIELDS
from functions.common.domain.transaction_event import EVENT_FIELDS, facts_of
from tests.unit.functions.builders import inserted, suspicious


def test_event_carries_what_scoring_reads_and_not_the_address() -> None:
    posted = {field.name for field in FIELDS}
    assert posted - set(EVENT_FIELDS) == {"ip_address"}
    assert set(EVENT_FIELDS) - posted == {"received_at"}


def test_queue_message_has_no_device() -> None:
    assert inserted().device_id == "device 7"
    body = msgspec.json.encode(SuspiciousTransaction(**facts_of(inserted()), score=0.6, reasons=()))
    assert b"device" not in body


def test_queue_message_comes_back_from_its_json_with_an_exact_amount() -> None:
    body = msgspec.json.encode(suspicious())
    assert b'"amount":"12500.5"' in body
    assert msgspec.json.decode(body, type=SuspiciousTransaction) == suspicious()
