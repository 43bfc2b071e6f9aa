"""An email subscriber's mail lands in the mailbox."""

import threading

from local.mailbox import Mailbox
from tests.engine.local.world import World, name
from tests.waiting import wait_for


def topic(world: World, **attributes: str) -> tuple[str, str]:
    """The ARN of a topic and the address subscribed to it."""
    sns, address = world.client("sns"), f"{name('person')}@example.com"
    arn = sns.create_topic(Name=name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=address, Attributes=attributes)
    return arn, address


def mailbox(world: World) -> Mailbox:
    return Mailbox(world.aws.emulator.layout.mailbox)


def test_published_message_arrives_as_mail(world: World) -> None:
    arn, address = topic(world)
    published = world.client("sns").publish(
        TopicArn=arn, Subject="Suspicious: 12.00 EUR", Message="Zürich\n\n- reason one\n- reason two",
        MessageAttributes={"severity": {"DataType": "String", "StringValue": "high"}},
    )  # fmt: skip
    (mail,) = [mail for mail in mailbox(world).messages() if mail.to == address]
    assert mail.subject == "Suspicious: 12.00 EUR"
    assert mail.body == "Zürich\n\n- reason one\n- reason two"
    assert mail.attributes == {"severity": "high"}
    assert (mail.message_id, mail.topic_arn) == (published["MessageId"], arn)


def test_message_that_the_filter_policy_excludes_is_not_mailed(world: World) -> None:
    arn, address = topic(world, FilterPolicy='{"severity": ["high"]}')
    for severity in ("medium", "high"):
        world.client("sns").publish(
            TopicArn=arn, Message=severity,
            MessageAttributes={"severity": {"DataType": "String", "StringValue": severity}},
        )  # fmt: skip
    assert [mail.body for mail in mailbox(world).messages() if mail.to == address] == ["high"]


def test_follower_sees_mail_as_it_comes_and_stops_when_told(world: World) -> None:
    arn, _ = topic(world)
    box, stop = mailbox(world), threading.Event()
    bodies: list[str] = []
    start = box.last()

    def collect() -> None:
        for mail in box.follow(stop, after=start):
            bodies.append(mail.body)

    thread = threading.Thread(target=collect)
    thread.start()
    for number in range(20):
        world.client("sns").publish(TopicArn=arn, Message=str(number))
    wait_for(lambda: len(bodies) == 20, what="all mail")
    stop.set()
    thread.join(timeout=5)
    assert bodies == [str(number) for number in range(20)]
    assert not thread.is_alive()
