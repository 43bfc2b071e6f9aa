"""The requests that AWS services make as service principals, without a role of the account.

They follow from the registered resources: a bus with a key, a dead-letter queue, the topic of an alarm.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.aws.policies import Request
from tests.aws.stores import Stores
from tests.stacks.mocked_aws import ACCOUNT, REGION, arn
from tests.stacks.recording import RecordedProgram, RecordedResource

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
    """A request of a service principal to a key, queue or topic, on behalf of a resource of the account."""

    service: str
    request: Request


def find_deliveries(programs: Mapping[str, RecordedProgram]) -> list[Delivery]:
    """The requests of service principals for all registered resources."""
    finder = _Finder(programs)
    return [
        *finder.bus_deliveries(),
        *finder.target_deliveries(),
        *finder.alarm_deliveries(),
        *finder.budget_deliveries(),
        *finder.log_group_deliveries(),
    ]


class _Finder:
    def __init__(self, programs: Mapping[str, RecordedProgram]) -> None:
        self._programs = programs
        self._stores = Stores(programs)

    def bus_deliveries(self) -> Iterator[Delivery]:
        """EventBridge encrypts events, and sends those that it cannot encrypt to a dead-letter queue.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
        """
        for bus in self._find_all("cloudwatch/eventBus:EventBus"):
            bus_arn, source = arn("events", f"event-bus/{bus['name']}"), {"aws:SourceAccount": ACCOUNT}
            context = {"kms:EncryptionContext:aws:events:event-bus:arn": bus_arn, "aws:SourceArn": bus_arn}
            key = bus["kmsKeyIdentifier"]
            yield _service_delivery("events", "kms:DescribeKey", key, source)
            for action in _SEND:
                yield _service_delivery("events", action, key, {**source, **context})
            yield from self._dead_letter_deliveries(bus, bus_arn)

    def target_deliveries(self) -> Iterator[Delivery]:
        """EventBridge sends events to queues and topics, or else to a dead-letter queue."""
        for target in self._find_all("cloudwatch/eventTarget:EventTarget"):
            bus = target.inputs.get("eventBusName")
            path = target["rule"] if bus in (None, "default") else f"{bus}/{target['rule']}"
            rule = arn("events", f"rule/{path}")
            if target["arn"].split(":")[2] in _SENDS:
                yield from self._send_deliveries("events", target["arn"], rule)
            yield from self._dead_letter_deliveries(target, rule)

    def alarm_deliveries(self) -> Iterator[Delivery]:
        """CloudWatch publishes to the topics of the alarms."""
        for type_, name in (
            ("metricAlarm:MetricAlarm", "name"),
            ("compositeAlarm:CompositeAlarm", "alarmName"),
        ):
            for alarm in self._find_all(f"cloudwatch/{type_}"):
                alarm_arn = arn("cloudwatch", f"alarm:{alarm[name]}")
                for topic in _alarm_topics(alarm):
                    yield from self._send_deliveries("cloudwatch", topic, alarm_arn)

    def budget_deliveries(self) -> Iterator[Delivery]:
        """AWS Budgets publishes to the topics of the notifications."""
        for budget in self._find_all("budgets/budget:Budget"):
            budget_arn = f"arn:aws:budgets::{ACCOUNT}:budget/{budget['name']}"
            for notification in budget.inputs.get("notifications", ()):
                for topic in notification.get("subscriberSnsTopicArns", ()):
                    yield from self._send_deliveries("budgets", topic, budget_arn)

    def log_group_deliveries(self) -> Iterator[Delivery]:
        """CloudWatch Logs encrypts log groups.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        """
        for group in self._find_all("cloudwatch/logGroup:LogGroup"):
            context = {"kms:EncryptionContext:aws:logs:arn": arn("logs", f"log-group:{group['name']}")}
            for action in _LOGS:
                yield _service_delivery(f"logs.{REGION}", action, group["kmsKeyId"], context)

    def _dead_letter_deliveries(self, sender: RecordedResource, source: str) -> Iterator[Delivery]:
        if queue := sender.inputs.get("deadLetterConfig", {}).get("arn"):
            yield from self._send_deliveries("events", queue, source)

    def _send_deliveries(self, service: str, destination: str, source: str) -> Iterator[Delivery]:
        store = self._stores[destination]
        source_context = {"aws:SourceArn": source, "aws:SourceAccount": ACCOUNT}
        # "You can't use Condition blocks in Amazon SNS topic policies for EventBridge."
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
        has_no_source = service == "events" and store.service == "sns"
        yield _service_delivery(
            service, _SENDS[store.service], destination, {} if has_no_source else source_context
        )
        if store.key is None:
            return
        context = {f"kms:EncryptionContext:{name}": value for name, value in store.encryption_context.items()}
        # For a topic, EventBridge does not send the source to KMS. For queues, AWS does not document it.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        key_context = {} if service == "events" else source_context
        for action in _SEND:
            yield _service_delivery(service, action, store.key, {**context, **key_context})

    def _find_all(self, type_: str) -> list[RecordedResource]:
        return [resource for program in self._programs.values() for resource in program.find_all(type_)]


def _service_delivery(service: str, action: str, resource: str, context: Mapping[str, str]) -> Delivery:
    return Delivery(f"{service}.amazonaws.com", Request(action, resource, dict(context)))


def _alarm_topics(alarm: RecordedResource) -> Sequence[str]:
    lists = (alarm.inputs.get(key, ()) for key in ("alarmActions", "okActions", "insufficientDataActions"))
    return sorted({topic for topics in lists for topic in topics})
