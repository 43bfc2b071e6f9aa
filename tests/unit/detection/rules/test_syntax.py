import re

import pytest

from detection.rules.syntax import DEEPEST, LONGEST, Parsed, UnreadableError


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 0, "there is no condition"),
        (" \n", 0, "there is no condition"),
        ("hour = 5", 5, "'=' means nothing here: write =="),
        ("hour > 5 && new_device", 9, "'&&' means nothing here: write and"),
        ("hour > 5 || new_device", 9, "'||' means nothing here: write or"),
        ("!new_device", 0, "'!' means nothing here: write not"),
        ("hour <> 5", 5, "'<>' means nothing here: write !="),
        ("merchant_fraud_7d > 35 %", 23, "write 35 % as 0.35"),
        ("hour >", 6, "ends too early"),
        ("hour > 5 and\n", 13, "ends too early"),
        ("hour > 5) or (hour < 2", 0, "see to its brackets"),
        ("hour > 5, hour < 2", 0, "see to its brackets"),
        ("(hour > 5", 0, "brackets that do not match"),
        ("hour > 5)", 9, "brackets that do not match"),
        ("country == “US”", 11, "cannot be read: invalid character"),
        ("hour > 5 and\n  hour ? 3", 20, "cannot be read"),
        ("hour > 1\n and hour > 5 h", 23, "cannot be read: invalid syntax"),
        ("country == 'US", 11, "unterminated string"),
        ("hour > \0", 0, "null bytes"),
        ("not " * (DEEPEST + 1) + "new_device", 0, "levels deep"),
        ("(" * 300 + "hour" + ")" * 300, 199, "too many nested parentheses"),
        ("not " * LONGEST, LONGEST, "longer than"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place(text: str, at: int, message: str) -> None:
    with pytest.raises(UnreadableError, match=re.escape(message)) as caught:
        Parsed(text)
    assert caught.value.offset == at


def test_reading_says_nothing_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    Parsed("1and 2")
    with pytest.raises(UnreadableError):
        Parsed("1and 2 hour")
    assert capfd.readouterr() == ("", "")
