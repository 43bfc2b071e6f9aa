"""From a posted transaction to the mail that tells of it."""

from tests.e2e.pipeline import Pipeline
from tests.e2e.transactions import suspicious, transaction


def test_suspicious_transaction_is_told_by_mail(pipeline: Pipeline) -> None:
    sent = suspicious(country="DE", channel="ecommerce")
    pipeline.post(sent)
    mail = pipeline.mail_about(sent)
    assert len(mail.subject) < 100
    assert sent["transaction_id"] in mail.body
    assert sent["merchant_id"] in mail.body
    assert "999,999.99 EUR" in mail.body


def test_mail_masks_the_account_and_leaves_out_the_device(pipeline: Pipeline) -> None:
    sent = suspicious(device_id="device-4711", ip_address="192.0.2.77")
    pipeline.post(sent)
    mail = pipeline.mail_about(sent)
    text = mail.subject + mail.body
    assert sent["account_id"] not in text
    assert sent["account_id"][-4:] in text
    assert "device-4711" not in text
    assert "192.0.2.77" not in text


def test_harmless_transaction_is_not_told(pipeline: Pipeline) -> None:
    harmless, sent = transaction(), suspicious()
    pipeline.post(harmless)
    pipeline.post(sent)
    # Posted later and told already: what was posted before it has been scored.
    pipeline.mail_about(sent)
    assert not pipeline.decision(harmless).suspicious
    assert not pipeline.mails_about(harmless)


def test_replayed_transaction_is_told_once(pipeline: Pipeline) -> None:
    sent, later = suspicious(), suspicious()
    pipeline.post(sent)
    pipeline.post(sent)
    pipeline.mail_about(sent)
    pipeline.post(later)
    pipeline.mail_about(later)
    assert len(pipeline.mails_about(sent)) == 1


def test_burst_is_told_completely(pipeline: Pipeline) -> None:
    sent = [suspicious() for _ in range(60)]
    pipeline.post_all(sent)
    for each in sent:
        pipeline.mail_about(each)
    assert pipeline.dead_letters() == {}


def test_logs_carry_the_transaction_id_and_no_personal_data(pipeline: Pipeline) -> None:
    sent = suspicious(device_id="device-0815", ip_address="198.51.100.23")
    pipeline.post(sent)
    pipeline.mail_about(sent)
    for function in ("api", "fraud", "notify"):
        lines = pipeline.log_lines(function, sent["transaction_id"])
        assert lines, function
        for personal in (sent["account_id"], "device-0815", "198.51.100.23"):
            assert not [line for line in lines if personal in line], function
