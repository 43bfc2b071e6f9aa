"""Mail as it is written and read."""

from pathlib import Path

import pytest

from local.delivery.postman import Postman
from local.mailbox import Mailbox


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "mailbox"


def deliver(postman: Postman, body: str = "text", subject: str = "Alert", **attributes: str) -> None:
    postman.deliver(
        to="someone@example.com", topic_arn="arn:aws:sns:x", message_id="m-1", subject=subject, body=body,
        attributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )  # fmt: skip


def test_mail_reads_back_as_it_was_sent(box: Path) -> None:
    deliver(
        Postman(box), "Zürich: 5 €\n\nsecond paragraph", "Suspicious: 5 EUR", severity="high", score="0.91"
    )
    (mail,) = Mailbox(box).messages()
    assert (mail.subject, mail.body) == ("Suspicious: 5 EUR", "Zürich: 5 €\n\nsecond paragraph")
    assert mail.attributes == {"severity": "high", "score": "0.91"}
    assert (mail.to, mail.message_id, mail.topic_arn) == ("someone@example.com", "m-1", "arn:aws:sns:x")


def test_line_break_in_a_subject_makes_no_header(box: Path) -> None:
    deliver(Postman(box), subject="one\r\nX-Sns-Attribute-severity: low")
    (mail,) = Mailbox(box).messages()
    assert mail.attributes == {}
    assert mail.subject == "one X-Sns-Attribute-severity: low"


def test_mail_without_a_subject_gets_snss_own(box: Path) -> None:
    deliver(Postman(box), subject="")
    assert Mailbox(box).messages()[0].subject == "AWS Notification Message"


def test_mails_are_in_the_order_they_came_and_can_be_followed_from_one(box: Path) -> None:
    postman = Postman(box)
    for number in range(12):
        deliver(postman, str(number))
    mails = Mailbox(box).messages()
    assert [mail.body for mail in mails] == [str(number) for number in range(12)]
    assert [mail.body for mail in Mailbox(box).messages(after=mails[9].id)] == ["10", "11"]
    assert Mailbox(box).last() == mails[-1].id


def test_half_written_mail_is_not_seen(box: Path) -> None:
    box.mkdir()
    (box / ".0000000000001-00000001.eml.tmp").write_bytes(b"Subject: half")
    (box / ".0000000000001-00000001.eml").write_bytes(b"Subject: half")
    assert Mailbox(box).messages() == []


def test_mailbox_that_does_not_exist_is_empty(box: Path) -> None:
    assert Mailbox(box).messages() == []
    assert Mailbox(box).last() == ""
