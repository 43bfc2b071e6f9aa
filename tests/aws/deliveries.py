"""The requests that AWS services make on their own, as service principals and without a role of the account.

Each is found from what is registered: a bus with a key, a dead-letter queue, the topic of an alarm.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.aws.policies import Request
from tests.aws.stores import Stores
from tests.stacks.mocked_aws import ACCOUNT, REGION, arn
from tests.stacks.recording import Program, Recorded

_SEND = ("kms:Decrypt", "kms:GenerateDataKey")
_LOGS = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_SENDS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}


@dataclass(frozen=True)
class Delivery:
    """A request of a service principal to a key, queue or topic, for a resource of the account."""

    service: str
    request: Request


def find_deliveries(programs: Mapping[str, Program]) -> list[Delivery]:
    """Every request that a service makes on its own."""
    finder = _Finder(programs)
    return [
        *finder.of_buses(),
        *finder.of_targets(),
        *finder.of_alarms(),
        *finder.of_budgets(),
        *finder.of_log_groups(),
    ]


class _Finder:
    def __init__(self, programs: Mapping[str, Program]) -> None:
        self._programs = programs
        self._stores = Stores(programs)

    def of_buses(self) -> Iterator[Delivery]:
        """EventBridge encrypts events, and keeps those that it cannot encrypt.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
        """
        for bus in self._all("cloudwatch/eventBus:EventBus"):
            own, source = arn("events", f"event-bus/{bus['name']}"), {"aws:SourceAccount": ACCOUNT}
            context = {"kms:EncryptionContext:aws:events:event-bus:arn": own, "aws:SourceArn": own}
            key = bus["kmsKeyIdentifier"]
            yield _from("events", "kms:DescribeKey", key, source)
            for action in _SEND:
                yield _from("events", action, key, {**source, **context})
            yield from self._dead_letters(bus, own)

    def of_targets(self) -> Iterator[Delivery]:
        """EventBridge sends to queues and topics, and keeps what it cannot deliver."""
        for target in self._all("cloudwatch/eventTarget:EventTarget"):
            bus = target.inputs.get("eventBusName")
            path = target["rule"] if bus in (None, "default") else f"{bus}/{target['rule']}"
            rule = arn("events", f"rule/{path}")
            if target["arn"].split(":")[2] in _SENDS:
                yield from self._sends("events", target["arn"], rule)
            yield from self._dead_letters(target, rule)

    def of_alarms(self) -> Iterator[Delivery]:
        """CloudWatch publishes to the topics of alarms."""
        for type_, name in (
            ("metricAlarm:MetricAlarm", "name"),
            ("compositeAlarm:CompositeAlarm", "alarmName"),
        ):
            for alarm in self._all(f"cloudwatch/{type_}"):
                own = arn("cloudwatch", f"alarm:{alarm[name]}")
                for topic in _actions(alarm):
                    yield from self._sends("cloudwatch", topic, own)

    def of_budgets(self) -> Iterator[Delivery]:
        """The budget publishes to the topics of its notifications."""
        for budget in self._all("budgets/budget:Budget"):
            own = f"arn:aws:budgets::{ACCOUNT}:budget/{budget['name']}"
            for notification in budget.inputs.get("notifications", ()):
                for topic in notification.get("subscriberSnsTopicArns", ()):
                    yield from self._sends("budgets", topic, own)

    def of_log_groups(self) -> Iterator[Delivery]:
        """CloudWatch Logs encrypts log groups.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        """
        for group in self._all("cloudwatch/logGroup:LogGroup"):
            context = {"kms:EncryptionContext:aws:logs:arn": arn("logs", f"log-group:{group['name']}")}
            for action in _LOGS:
                yield _from(f"logs.{REGION}", action, group["kmsKeyId"], context)

    def _dead_letters(self, sender: Recorded, source: str) -> Iterator[Delivery]:
        if queue := sender.inputs.get("deadLetterConfig", {}).get("arn"):
            yield from self._sends("events", queue, source)

    def _sends(self, service: str, destination: str, source: str) -> Iterator[Delivery]:
        store = self._stores[destination]
        of_source = {"aws:SourceArn": source, "aws:SourceAccount": ACCOUNT}
        # "You can't use Condition blocks in Amazon SNS topic policies for EventBridge."
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
        without_source = service == "events" and store.service == "sns"
        yield _from(service, _SENDS[store.service], destination, {} if without_source else of_source)
        if store.key is None:
            return
        context = {f"kms:EncryptionContext:{name}": value for name, value in store.encryption_context.items()}
        # EventBridge does not send the keys of the source to KMS for a topic. AWS does not say it of queues.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        known = {} if service == "events" else of_source
        for action in _SEND:
            yield _from(service, action, store.key, {**context, **known})

    def _all(self, type_: str) -> list[Recorded]:
        return [each for program in self._programs.values() for each in program.all(type_)]


def _from(service: str, action: str, resource: str, context: Mapping[str, str]) -> Delivery:
    return Delivery(f"{service}.amazonaws.com", Request(action, resource, dict(context)))


def _actions(alarm: Recorded) -> Sequence[str]:
    lists = (alarm.inputs.get(key, ()) for key in ("alarmActions", "okActions", "insufficientDataActions"))
    return sorted({topic for topics in lists for topic in topics})
