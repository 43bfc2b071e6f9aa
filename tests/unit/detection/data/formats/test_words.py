import pytest

from detection.data.formats.code_words import find_code
from detection.data.formats.label_words import classify_label


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(
            (text, "fraud")
            for text in ("1", "chargeback", "confirmed_fraud", "bad", "1.000000e+00", "oui", "fraude")
        ),
        *(
            (text, "genuine")
            for text in ("0", "not fraud", "nonfraud", "false_positive", "good", "non", "kein betrug")
        ),
        *((text, "unknown") for text in ("pending", "under review")),
        *((text, None) for text in ("2", "x", "0.3", "not good")),
    ],
)
def test_labels_are_classified(text: str, kind: str | None) -> None:
    assert classify_label(text) == kind


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("channel", "Card Present", "card_present"),
        ("channel", "ATM", "atm"),
        ("type", "REFUND", "refund"),
        ("type", "transfer", ""),
        ("country", "refund", ""),
    ],
)
def test_words_have_codes(field: str, text: str, code: str) -> None:
    assert find_code(field, text) == code
