"""Values of fields as JSON texts, which can be numbers and texts that Python's encoder does not write."""

import json

from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.labels.label import LABEL_FIELDS
from tests.unit.functions.builders import NOW

# One of them is in each text of a body except the ID of a transaction, which logs contain. No ID has a dot.
MARKER, ID_MARKER = "Xq9.Planted", "Xq9-Planted"
STORED_ID = "stored-1"
CARD_NUMBERS = ("4111111111111111", "3782-822463-10005", "5555 5555 5555 4444", "6011.0009.9013.9424")

_IDS = tuple(json.dumps(f"{ID_MARKER}-{number}") for number in range(3))
VALID: dict[str, tuple[str, ...]] = {
    "transaction_id": ('"tx-1"', '"tx-2"', '"_"', json.dumps("a" * 64)),
    "account_id": _IDS,
    "merchant_id": _IDS,
    "amount": ("12", "1", '"7"', "999999999999", "1e2", "12.00", "1E+1"),
    "currency": ('"EUR"', '"JPY"', '"KWD"', '"XAU"'),
    "timestamp": (str(NOW), str(NOW + 299_000), str(NOW - DAY_MS)),
    "type": ('"purchase"', "null"),
    "original_transaction_id": ("null",),
    "channel": ('"ecommerce"', '"atm"', "null"),
    "country": ('"DE"', '"US"', "null"),
    "merchant_category": (json.dumps(f"{MARKER} groceries"), json.dumps("é" * 128), "null"),
    "device_id": (json.dumps(f"{MARKER} 電話 7"), json.dumps(f"{MARKER}/\\\"'"), "null"),
    "ip_address": (json.dumps(f"192.0.2.1 {MARKER}"), '"2001:db8::1"', "null"),
}
VALID_LABEL: dict[str, tuple[str, ...]] = {
    "transaction_id": (json.dumps(STORED_ID), json.dumps(STORED_ID), '"tx-unknown"'),
    "timestamp": (str(NOW - DAY_MS), "null"),
    "label": ('"fraud"', '"genuine"'),
    "source": (json.dumps(f"{MARKER} chargeback"), "null"),
    "reported_at": (str(NOW), str(NOW - DAY_MS), "null"),
}
# Valid in some fields or together with other values.
UNUSUAL = (
    '"0.01"', '"999999999999.99"', "12.50", "1E-1", "0.0001", "1e11", "1.5e3", '"00001.5"', '"0"', "1e-4",
    "100.000", '"BGN"', '"XXX"', '"eur"', '"EURO"', '"refund"', '"purchase"', '"fraud"', '"XK"', '"de"',
    '"transfer"', '"other-1"', str(NOW - 31 * DAY_MS), str(NOW - 30 * DAY_MS), str(NOW - 400 * DAY_MS),
    str(NOW + 300_000), str(NOW + 300_001), str(NOW // 1000), str(NOW * 1000), str(NOW * 10**6),
    str(float(NOW)), f"{NOW}.5", f"{NOW // 1000}e3", "1", "100000000000", json.dumps("x" * 65),
    json.dumps(MARKER * 11), json.dumps(MARKER * 12), json.dumps(f"{MARKER}\t"), json.dumps(STORED_ID),
    '"\U0001f4a3"', '"\u202e"', '"\u2028"', '"\xad"', r'"\u00e9"', r'"\u006eame"', '"constructor"',
    '"__proto__"',
)  # fmt: skip
CARDS = (
    *(json.dumps(number) for number in CARD_NUMBERS),
    *(json.dumps(f"{MARKER} {number} {MARKER}") for number in CARD_NUMBERS),
    json.dumps("\uff14" + "\uff11" * 15), json.dumps("\uff14" + "\uff11" * 15, ensure_ascii=False),
    r'"\u0034111111111111111"', CARD_NUMBERS[0],
)  # fmt: skip
# No field accepts them.
WRONG = (
    "true", "false", "0", "-0", "-1", "1e400", "-1e400", "1e-400", "1e999999999999999999", "0.00001",
    "1e15", "1e12", "9" * 19, "9" * 20, "1" + "0" * 5000, "0." + "0" * 5000 + "1", str(2**53), str(2**63),
    str(2**64), str(NOW + DAY_MS), "[]", "{}", '[["x"]]', '{"a": {"b": 1}}', "[" * 600 + "]" * 600,
    '{"a":' * 300 + "1" + "}" * 300, '""', '" "', r'"\ud800"', r'"\udfff\ud800"', r'"a\ud83d"', r'"\u0000"',
    '"\x7f"', '"\x85"', '"\ufffe"', r'"\uffff"', r'"\n"', '"a\\nb"', '"NaN"', '"Infinity"', '"1e3"',
    '"1,5"', '"\u0661\u0662"', '" 1"', '"-1"', '"1' + "0" * 400 + '"', '"true"', "\"' OR 1=1 --\"",
    '"${jndi:ldap://x}"', '"{{7*7}}"', '"%s%n"', json.dumps(MARKER * 2000),
)  # fmt: skip
# No JSON, at least in most places.
BROKEN = (
    "NaN", "Infinity", "-Infinity", "01", "1.", "+1", ".5", "0x10", "1_000", "'x'", "undefined", "", "[",
    "{", "]", "}", ",", "\\", '"unclosed', r'"\u12"', r'"\x"', '"\x00"', '"\n"', "[" * 100_000, "\ud800",
    "\ufeff", "null null", "/* */ 1",
)  # fmt: skip
NAMES = (
    *(field.name for field in (*TRANSACTION_FIELDS, *LABEL_FIELDS)), "received_at", "decision",
    "fingerprint", "expires_at", "historic", "format", "transactions", "", "Amount", "__class__", r"\ud800",
    r"\u0000", r"amoun\u0074", "self", MARKER, MARKER * 100, *CARD_NUMBERS,
)  # fmt: skip
