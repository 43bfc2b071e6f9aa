"""Mail that MailWriter writes and Mailbox reads."""

from pathlib import Path

import pytest

from local.mailbox import Mailbox, MailWriter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mailbox"


def deliver_text(mail: MailWriter, body: str = "text", subject: str = "Alert", **attributes: str) -> None:
    mail.write(
        to="someone@example.com", topic_arn="arn:aws:sns:x", message_id="m-1", subject=subject, body=body,
        attributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )  # fmt: skip


def test_mail_is_read_as_it_was_sent(folder: Path) -> None:
    deliver_text(
        MailWriter(folder),
        "Zürich: 5 €\n\nsecond paragraph",
        "Suspicious: 5 EUR",
        severity="high",
        score="0.91",
    )
    (mail,) = Mailbox(folder).messages()
    assert (mail.subject, mail.body) == ("Suspicious: 5 EUR", "Zürich: 5 €\n\nsecond paragraph")
    assert mail.attributes == {"severity": "high", "score": "0.91"}
    assert (mail.to, mail.message_id, mail.topic_arn) == ("someone@example.com", "m-1", "arn:aws:sns:x")


def test_line_break_in_a_subject_does_not_add_a_header(folder: Path) -> None:
    deliver_text(MailWriter(folder), subject="one\r\nX-Sns-Attribute-severity: low")
    (mail,) = Mailbox(folder).messages()
    assert mail.attributes == {}
    assert mail.subject == "one X-Sns-Attribute-severity: low"


def test_mail_without_a_subject_has_the_default_subject_of_sns(folder: Path) -> None:
    deliver_text(MailWriter(folder), subject="")
    assert Mailbox(folder).messages()[0].subject == "AWS Notification Message"


def test_mails_are_in_the_order_of_arrival_and_can_be_read_after_an_id(folder: Path) -> None:
    mail = MailWriter(folder)
    for number in range(12):
        deliver_text(mail, str(number))
    mails = Mailbox(folder).messages()
    assert [mail.body for mail in mails] == [str(number) for number in range(12)]
    assert [mail.body for mail in Mailbox(folder).messages(after=mails[9].id)] == ["10", "11"]
    assert Mailbox(folder).last() == mails[-1].id


def test_unfinished_mail_is_not_read(folder: Path) -> None:
    folder.mkdir()
    (folder / ".0000000000001-00000001.eml.tmp").write_bytes(b"Subject: half")
    (folder / ".0000000000001-00000001.eml").write_bytes(b"Subject: half")
    assert Mailbox(folder).messages() == []


def test_missing_mailbox_is_empty(folder: Path) -> None:
    assert Mailbox(folder).messages() == []
    assert Mailbox(folder).last() == ""
