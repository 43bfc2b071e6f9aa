"""SQS queues in memory, with visibility and failures."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

NOW_MS = 1_790_000_000_000


@dataclass
class Stored:
    id: str
    body: str
    sent_at_ms: int
    attributes: dict[str, Any] = field(default_factory=dict)
    receipt: str = ""
    hidden: bool = False


class FakeSqs:
    """Queues by URL. They refuse the bodies in `refused`; `receives` counts the calls of receive_message."""

    def __init__(self) -> None:
        self.queues: dict[str, list[Stored]] = {}
        self.now_ms = NOW_MS
        self.refused: set[str] = set()
        self.interrupt_at: str = ""
        self.not_deleted: set[str] = set()
        self.receives = 0
        self._count = 0

    def add(self, url: str, body: str, *, sent_at_ms: int | None = None, **attributes: str) -> str:
        self._count += 1
        values = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        sent_ms = self.now_ms if sent_at_ms is None else sent_at_ms
        message = Stored(f"m-{self._count}", body, sent_ms, values)
        self.queues.setdefault(url, []).append(message)
        return message.id

    def bodies(self, url: str) -> list[str]:
        return [message.body for message in self.queues.get(url, [])]

    def hidden(self, url: str) -> int:
        return sum(message.hidden for message in self.queues.get(url, []))

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        self._maybe_interrupt("receive")
        self.receives += 1
        visible = [message for message in self.queues.get(QueueUrl, []) if not message.hidden]
        for message in visible[:MaxNumberOfMessages]:
            message.hidden, message.receipt = True, f"{message.id}/{self.receives}"
        received = [
            {
                "MessageId": message.id,
                "Body": message.body,
                "ReceiptHandle": message.receipt,
                "Attributes": {"SentTimestamp": str(message.sent_at_ms)},
                "MessageAttributes": message.attributes,
            }
            for message in visible[:MaxNumberOfMessages]
        ]
        return {"Messages": received} if received else {}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
        failed = []
        for entry in Entries:
            if entry["MessageBody"] in self.refused:
                failed.append({"Id": entry["Id"], "Code": "InternalError"})
            else:
                self.add(QueueUrl, entry["MessageBody"])
        self._maybe_interrupt("send")
        return {"Failed": failed}

    def delete_message_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
        failed = []
        for entry in Entries:
            message = self._by_receipt(QueueUrl, entry["ReceiptHandle"])
            if message.body in self.not_deleted:
                failed.append({"Id": entry["Id"], "Code": "InternalError"})
            else:
                self.queues[QueueUrl].remove(message)
        return {"Failed": failed}

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
        for entry in Entries:
            assert entry["VisibilityTimeout"] == 0
            self._by_receipt(QueueUrl, entry["ReceiptHandle"]).hidden = False
        return {}

    def get_queue_attributes(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.queues.get(QueueUrl, [])))}}

    def _by_receipt(self, url: str, receipt: str) -> Stored:
        for message in self.queues[url]:
            if message.receipt == receipt:
                return message
        raise ClientError({"Error": {"Code": "ReceiptHandleIsInvalid"}}, "DeleteMessageBatch")

    def _maybe_interrupt(self, call: str) -> None:
        if self.interrupt_at == call:
            raise KeyboardInterrupt
