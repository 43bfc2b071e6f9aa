import pytest

from functions.common.domain.suspicious_message import Reason
from functions.notify.alert import MAX_LISTED, compose_alert, compose_summary, mask_account
from tests.unit.functions.builders import NOW, suspicious, suspicious_decision


def test_alert_is_readable_on_a_phone() -> None:
    alert = compose_alert(suspicious())
    assert alert.subject == "Fraud alert (0.60): 12,500.50 USD at merchant_1"
    assert alert.text == (
        "A transaction looks suspicious.\n"
        "\n"
        "Amount: 12,500.50 USD\n"
        "Merchant: merchant_1 (groceries)\n"
        "Account: ****6789\n"
        "When: 2026-05-28T20:26:40Z\n"
        "Channel: ecommerce\n"
        "Country: US\n"
        "Score: 0.60 (medium)\n"
        "\n"
        "Why:\n"
        "- Amount of 12,500.50 USD is over the limit (+0.60)\n"
        "\n"
        "Transaction id: tx-1\n"
    )


def test_unknown_values_are_left_out() -> None:
    alert = compose_alert(suspicious(channel=None, country=None, merchant_category=None))
    assert "Merchant: merchant_1\n" in alert.text
    assert "None" not in alert.text
    assert "channel" not in alert.attributes


def test_alert_has_attributes_for_filters() -> None:
    assert compose_alert(suspicious(score=0.85)).attributes == {
        "transaction_id": "tx-1",
        "severity": "high",
        "currency": "USD",
        "channel": "ecommerce",
        "score": "0.85",
    }


@pytest.mark.parametrize(("score", "expected"), [(0.79, "medium"), (0.8, "high"), (1.0, "high")])
def test_severity_depends_on_the_score(score: float, expected: str) -> None:
    assert compose_alert(suspicious(score=score)).attributes["severity"] == expected


@pytest.mark.parametrize(
    "merchant_id", ["m" * 64, "m" * 200, "line\r\nBcc: someone", "café\x07", "\u202egnp.exe", "日本" * 40]
)
def test_subject_is_one_short_line_of_ascii(merchant_id: str) -> None:
    subject = compose_alert(suspicious(merchant_id=merchant_id)).subject
    assert len(subject) < 100
    assert all(" " <= character <= "~" for character in subject)


def test_each_reason_is_on_its_own_line() -> None:
    reasons = tuple(Reason(rule_id=f"r{n}", weight=0.3, text=f"Reason {n}") for n in (1, 2))
    assert "Why:\n- Reason 1 (+0.30)\n- Reason 2 (+0.30)\n" in compose_alert(suspicious(reasons=reasons)).text


def test_client_text_cannot_add_lines_or_reverse_the_text_direction() -> None:
    alert = compose_alert(suspicious(merchant_category="x\nAccount: 1\u2028\u202e"))
    assert "Merchant: merchant_1 (x Account: 1  )\n" in alert.text


@pytest.mark.parametrize(
    ("account_id", "expected"),
    [("account-123456789", "****6789"), ("12345678", "****5678"), ("1234567", "****"), ("a", "****")],
)
def test_account_is_masked(account_id: str, expected: str) -> None:
    assert mask_account(account_id) == expected
    assert account_id not in compose_alert(suspicious(account_id=account_id, reasons=())).text.split()


def test_summary_has_the_count_and_the_start_and_masks_the_account() -> None:
    alert = compose_summary(suspicious(summary_since=NOW), 5, [])
    assert alert.subject == "Fraud alert: 5 suspicious transactions of one account"
    assert "2026-05-28T20:26:40Z" in alert.text
    assert "account-123456789" not in alert.text
    assert "****6789" in alert.text


def test_summary_lists_every_transaction_of_the_window() -> None:
    decisions = [suspicious_decision(transaction_id=f"tx-{number}") for number in range(5)]
    lines = compose_summary(suspicious(summary_since=NOW), 5, decisions).text.splitlines()
    assert [line for line in lines if line.startswith("Transaction id: ")] == [
        f"Transaction id: tx-{number}" for number in range(5)
    ]
    assert lines.count("2026-05-28T20:26:40Z  12,500.50 USD  score 0.60") == 5
    assert lines.count("- Amount of 12,500.50 USD is over the limit") == 5
    assert not any("invoke alerts" in line for line in lines)


@pytest.mark.parametrize("count", [25, 26, 101, 1001, MAX_LISTED])
def test_summary_of_a_large_window_names_every_transaction(count: int) -> None:
    assert count <= MAX_LISTED
    decisions = [suspicious_decision(transaction_id=f"tx-{number}") for number in range(count)]
    lines = compose_summary(suspicious(summary_since=NOW), count, decisions).text.splitlines()
    listed = [line.removeprefix("Transaction id: ") for line in lines]
    assert [line for line in listed if line.startswith("tx-")] == [f"tx-{number}" for number in range(count)]
    assert not any("invoke alerts" in line for line in lines)


def test_summary_counts_the_transactions_that_it_lists() -> None:
    """The account's profile counts the alerts of two windows only."""
    decisions = [suspicious_decision(transaction_id=f"tx-{number}") for number in range(5)]
    alert = compose_summary(suspicious(summary_since=NOW), 2, decisions)
    assert alert.attributes["alerts"] == "5"
    assert alert.text.startswith("5 transactions ")


def test_summary_of_a_large_window_says_how_to_list_the_rest() -> None:
    decisions = [suspicious_decision(transaction_id=f"tx-{number}") for number in range(MAX_LISTED)]
    text = compose_summary(suspicious(summary_since=NOW), MAX_LISTED + 7, decisions).text
    assert "\n7 more " in text
    assert "invoke explain tx-1\n" in text
    assert "invoke alerts --account ACCOUNT\n" in text


def test_longest_summary_is_below_the_limit_of_sns() -> None:
    longest = suspicious_decision(
        transaction_id="t" * 64, amount="123456789012.1234", reason="💳" * 120, timestamp=253_402_300_799_999
    )
    alert = compose_summary(suspicious(summary_since=NOW), 10_000, [longest] * MAX_LISTED)
    assert len(alert.text.encode()) < 220_000


def test_client_text_in_a_summary_cannot_add_lines() -> None:
    decision = suspicious_decision(reason="x\nTransaction id: tx-0\u2028\u202e")
    lines = compose_summary(suspicious(summary_since=NOW), 2, [decision]).text.splitlines()
    assert "- x Transaction id: tx-0  " in lines
