"""Alert mails for posted transactions."""

import uuid

from operations.review.account_alerts import read_account_alerts
from shared.contracts import DataOutputs, require_string
from tests.e2e.pipeline import PipelineClient
from tests.e2e.transactions import build_suspicious_transaction, build_transaction


def test_suspicious_transaction_causes_a_mail(pipeline: PipelineClient) -> None:
    transaction = build_suspicious_transaction(country="DE", channel="ecommerce")
    pipeline.post(transaction)
    mail = pipeline.wait_for_mail_about(transaction)
    assert len(mail.subject) < 100
    assert transaction["transaction_id"] in mail.body
    assert transaction["merchant_id"] in mail.body
    assert "999,999.99 EUR" in mail.body


def test_mail_masks_the_account_and_omits_the_device(pipeline: PipelineClient) -> None:
    transaction = build_suspicious_transaction(device_id="device-4711", ip_address="192.0.2.77")
    pipeline.post(transaction)
    mail = pipeline.wait_for_mail_about(transaction)
    text = mail.subject + mail.body
    assert transaction["account_id"] not in text
    assert transaction["account_id"][-4:] in text
    assert "device-4711" not in text
    assert "192.0.2.77" not in text


def test_harmless_transaction_causes_no_mail(pipeline: PipelineClient) -> None:
    harmless, transaction = build_transaction(), build_suspicious_transaction()
    pipeline.post(harmless)
    pipeline.post(transaction)
    # The later transaction has its mail, so the earlier one is scored.
    pipeline.wait_for_mail_about(transaction)
    assert not pipeline.wait_for_decision(harmless).suspicious
    assert not pipeline.read_mails_about(harmless)


def test_replayed_transaction_causes_one_mail(pipeline: PipelineClient) -> None:
    transaction, later = build_suspicious_transaction(), build_suspicious_transaction()
    pipeline.post(transaction)
    pipeline.post(transaction)
    pipeline.wait_for_mail_about(transaction)
    pipeline.post(later)
    pipeline.wait_for_mail_about(later)
    assert len(pipeline.read_mails_about(transaction)) == 1


def test_burst_causes_a_mail_for_every_transaction(pipeline: PipelineClient) -> None:
    transactions = [build_suspicious_transaction() for _ in range(60)]
    pipeline.post_all(transactions)
    for transaction in transactions:
        pipeline.wait_for_mail_about(transaction)
    assert pipeline.count_failed_messages() == {}


def test_list_of_an_account_has_every_suspicious_transaction(pipeline: PipelineClient) -> None:
    account_id = f"a-{uuid.uuid4().hex[:12]}"
    first, second = (build_suspicious_transaction(account_id=account_id) for _ in range(2))
    for transaction in (first, second):
        pipeline.post(transaction)
        decided_at = pipeline.wait_for_decision(transaction).decided_at
    data = pipeline.outputs(DataOutputs)
    records = read_account_alerts(
        pipeline.aws.client("dynamodb"),
        require_string(data.transactions_table_name),
        require_string(data.profiles_table_name),
        account_id,
        decided_at - 3_600_000,
    )
    assert [record.fields["transaction_id"] for record in records] == [
        first["transaction_id"],
        second["transaction_id"],
    ]


def test_logs_have_the_transaction_id_and_no_personal_data(pipeline: PipelineClient) -> None:
    transaction = build_suspicious_transaction(device_id="device-0815", ip_address="198.51.100.23")
    pipeline.post(transaction)
    pipeline.wait_for_mail_about(transaction)
    for function in ("api", "fraud", "notify"):
        lines = pipeline.wait_for_log_lines(function, transaction["transaction_id"])
        assert lines, function
        for personal in (transaction["account_id"], "device-0815", "198.51.100.23"):
            assert not [line for line in lines if personal in line], function
