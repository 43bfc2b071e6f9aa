import pycountry
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
        *(("country", text, "DE") for text in ("de", "DEU", "276", "276.0", "Germany", "GERMANY")),
        *(("country", text, "AU") for text in ("36", "036", "0036")),
        *(("country", text, "GB") for text in ("UK", "United Kingdom", "Great Britain")),
        *(("country", text, "US") for text in ("U.S.A.", "United States", "United States of America")),
        ("country", "Cote d'Ivoire", "CI"),
        ("country", "St. Kitts & Nevis", "KN"),
        ("country", "Korea, Republic of", "KR"),
        ("country", "Republic of Korea", "KR"),
        ("country", "Democratic Republic of the Congo", "CD"),
        *(("country", text, "") for text in ("", "the", "Narnia", "999", "XK")),
        *(("currency", text, "EUR") for text in ("eur", "978", "0978", "978.0", "Euro", "euros", "€")),
        *(("currency", text, "USD") for text in ("840", "US Dollar", "US dollars", "US$", "$")),
        ("currency", "36", "AUD"),
        ("currency", "British Pound", "GBP"),
        ("currency", "\N{FULLWIDTH YEN SIGN}", "JPY"),
        *(("currency", text, "HRK") for text in ("HRK", "191", "Croatian Kuna")),
        *(("currency", text, "") for text in ("BTC", "kr", "Dollar", "Bolívar Soberano", "1")),
    ],
)
def test_words_have_codes(field: str, text: str, code: str) -> None:
    assert find_code(field, text) == code


def test_no_country_has_the_name_of_another_one() -> None:
    names = {
        (name, country.alpha_2)
        for country in pycountry.countries
        for key in ("alpha_2", "alpha_3", "numeric", "name", "common_name", "official_name")
        if (name := getattr(country, key, ""))
    }
    assert {(name, find_code("country", name)) for name, _ in names} == names
