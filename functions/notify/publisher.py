"""The publisher of alerts to the SNS topic."""

from typing import TYPE_CHECKING

from functions.notify.alert import Alert

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_NUMERIC_ATTRIBUTES = frozenset({"alerts", "score"})


class AlertPublisher:
    """Publishes alerts to one topic."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, alert: Alert) -> str:
        """Publish an alert and return its message ID. Raises ClientError if the topic does not accept it."""
        response = self._client.publish(
            TopicArn=self._topic_arn,
            Subject=alert.subject,
            Message=alert.text,
            MessageAttributes={
                name: {
                    "DataType": "Number" if name in _NUMERIC_ATTRIBUTES else "String",
                    "StringValue": value,
                }
                for name, value in alert.attributes.items()
            },
        )
        return response["MessageId"]
