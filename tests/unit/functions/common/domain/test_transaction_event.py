import msgspec

from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction_event import stored_values
from tests.unit.functions.builders import inserted, suspicious


def test_queue_message_has_no_device_and_no_ip_address() -> None:
    assert (inserted().device_id, inserted().ip_address) == ("device 7", "192.0.2.1")
    body = msgspec.json.encode(SuspiciousTransaction(**stored_values(inserted()), score=0.6, reasons=()))
    assert b"device" not in body
    assert b"192.0.2.1" not in body


def test_queue_message_is_restored_from_its_json_with_an_exact_amount() -> None:
    body = msgspec.json.encode(suspicious())
    assert b'"amount":"12500.5"' in body
    assert msgspec.json.decode(body, type=SuspiciousTransaction) == suspicious()
