import msgspec

from functions.common.event import EVENT_FIELDS
from functions.common.suspicious import SuspiciousTransaction
from functions.common.transaction import FIELDS
from tests.unit.functions.builders import suspicious


def test_event_carries_what_scoring_reads_and_neither_device_nor_address() -> None:
    posted = {field.name for field in FIELDS}
    assert posted - set(EVENT_FIELDS) == {"device_id", "ip_address"}
    assert set(EVENT_FIELDS) - posted == {"received_at"}


def test_queue_message_comes_back_from_its_json_with_an_exact_amount() -> None:
    body = msgspec.json.encode(suspicious())
    assert b'"amount":"12500.5"' in body
    assert msgspec.json.decode(body, type=SuspiciousTransaction) == suspicious()
