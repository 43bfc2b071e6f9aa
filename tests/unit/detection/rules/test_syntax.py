import pytest

from detection.rules.syntax import MAX_CHARACTERS, MAX_DEPTH, ExpressionSyntaxError, ParsedExpression


@pytest.mark.parametrize(
    ("text", "offset", "mention"),
    [
        ("", 0, ""),
        (" \n", 0, ""),
        ("hour = 5", 5, "=="),
        ("hour > 5 && new_device", 9, " and"),
        ("hour > 5 || new_device", 9, " or"),
        ("!new_device", 0, " not"),
        ("hour <> 5", 5, "!="),
        ("merchant_fraud_7d > 35 %", 23, "0.35"),
        ("hour >", 6, ""),
        ("hour > 5 and\n", 13, ""),
        ("hour > 5) or (hour < 2", 0, "parentheses"),
        ("hour > 5, hour < 2", 0, "commas"),
        ("(hour > 5", 0, "parentheses"),
        ("hour > 5)", 9, "parentheses"),
        ("country == “US”", 11, "invalid character"),
        ("hour > 5 and\n  hour ? 3", 20, ""),
        ("hour > 1\n and hour > 5 h", 23, "invalid syntax"),
        ("country == 'US", 11, "unterminated string"),
        ("hour > \0", 0, "null bytes"),
        ("not " * (MAX_DEPTH + 1) + "new_device", 0, str(MAX_DEPTH)),
        ("(" * 300 + "hour" + ")" * 300, 199, "too many nested parentheses"),
        ("not " * MAX_CHARACTERS, MAX_CHARACTERS, str(MAX_CHARACTERS)),
    ],
)
def test_invalid_syntax_is_rejected_with_its_offset(text: str, offset: int, mention: str) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        ParsedExpression(text)
    assert caught.value.offset == offset
    assert mention in caught.value.message


def test_parsing_writes_nothing_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    ParsedExpression("1and 2")
    with pytest.raises(ExpressionSyntaxError):
        ParsedExpression("1and 2 hour")
    assert capfd.readouterr() == ("", "")
