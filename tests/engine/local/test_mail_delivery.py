"""Delivery of mail to the mailbox."""

import threading

from local.mailbox import Mailbox
from tests.engine.local.emulator_fixtures import EmulatorFixtures, unique_name
from tests.waiting import wait_for


def create_topic(fixtures: EmulatorFixtures, **attributes: str) -> tuple[str, str]:
    """Create a topic with an email subscription; returns the topic's ARN and the address."""
    sns, address = fixtures.client("sns"), f"{unique_name('person')}@example.com"
    arn = sns.create_topic(Name=unique_name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=address, Attributes=attributes)
    return arn, address


def open_mailbox(fixtures: EmulatorFixtures) -> Mailbox:
    return Mailbox(fixtures.aws.emulator.layout.mailbox)


def test_published_message_arrives_as_mail(fixtures: EmulatorFixtures) -> None:
    arn, address = create_topic(fixtures)
    published = fixtures.client("sns").publish(
        TopicArn=arn, Subject="Suspicious: 12.00 EUR", Message="Zürich\n\n- reason one\n- reason two",
        MessageAttributes={"severity": {"DataType": "String", "StringValue": "high"}},
    )  # fmt: skip
    (mail,) = [mail for mail in open_mailbox(fixtures).messages() if mail.to == address]
    assert mail.subject == "Suspicious: 12.00 EUR"
    assert mail.body == "Zürich\n\n- reason one\n- reason two"
    assert mail.attributes == {"severity": "high"}
    assert (mail.message_id, mail.topic_arn) == (published["MessageId"], arn)


def test_message_that_does_not_match_the_filter_policy_is_not_mailed(fixtures: EmulatorFixtures) -> None:
    arn, address = create_topic(fixtures, FilterPolicy='{"severity": ["high"]}')
    for severity in ("medium", "high"):
        fixtures.client("sns").publish(
            TopicArn=arn, Message=severity,
            MessageAttributes={"severity": {"DataType": "String", "StringValue": severity}},
        )  # fmt: skip
    assert [mail.body for mail in open_mailbox(fixtures).messages() if mail.to == address] == ["high"]


def test_follower_receives_mail_in_order_and_stops_on_request(fixtures: EmulatorFixtures) -> None:
    arn, _ = create_topic(fixtures)
    box, stop = open_mailbox(fixtures), threading.Event()
    bodies: list[str] = []
    start = box.last()

    def collect() -> None:
        for mail in box.follow(stop, after=start):
            bodies.append(mail.body)

    thread = threading.Thread(target=collect)
    thread.start()
    for number in range(20):
        fixtures.client("sns").publish(TopicArn=arn, Message=str(number))
    wait_for(lambda: len(bodies) == 20, what="all mail")
    stop.set()
    thread.join(timeout=5)
    assert bodies == [str(number) for number in range(20)]
    assert not thread.is_alive()
