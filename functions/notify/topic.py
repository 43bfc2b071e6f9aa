"""Where alerts are published."""

from typing import TYPE_CHECKING, Protocol

from functions.notify.alert import Alert

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_NUMBERS = frozenset({"alerts", "score"})


class AlertTopic(Protocol):
    """Publishes alerts to all subscribers."""

    def publish(self, alert: Alert) -> str:
        """The alert's id, once the topic accepted it; raises if it does not."""


class SnsTopic:
    """The topic in SNS."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._arn = topic_arn

    def publish(self, alert: Alert) -> str:
        answer = self._client.publish(
            TopicArn=self._arn,
            Subject=alert.subject,
            Message=alert.text,
            MessageAttributes={
                name: {"DataType": "Number" if name in _NUMBERS else "String", "StringValue": value}
                for name, value in alert.attributes.items()
            },
        )
        return answer["MessageId"]
