"""A mailbox in memory, and mails to put into it."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from local.mailbox import Mail


def mail(transaction_id: str, *, received_ms: int = 0, message_id: str = "m1") -> Mail:
    return Mail(
        id=f"{received_ms}-{message_id}",
        subject="Fraud alert (0.90): 6,000.00 USD at shop-1",
        body="A transaction looks suspicious.\n\nWhy:\n- Too much (+0.60)\n- Too far (+0.30)\n",
        to="fraud@example.com",
        received_ms=received_ms,
        message_id=message_id,
        topic_arn="arn:aws:sns:us-east-1:000000000000:alerts",
        attributes={"transaction_id": transaction_id, "severity": "high"},
    )


@dataclass
class FakeMailbox:
    """Mails that are there, and further ones as `deliver` brings them."""

    mails: list[Mail] = field(default_factory=list)
    interrupted: bool = False
    _coming: "queue.SimpleQueue[Mail]" = field(default_factory=queue.SimpleQueue)

    def deliver(self, new: Mail) -> None:
        self._coming.put(new)

    def last(self) -> str:
        return ""

    def messages(self, *, after: str = "") -> list[Mail]:
        return self.mails

    def follow(self, stop: threading.Event, *, after: str = "") -> Iterator[Mail]:
        yield from self.mails
        if self.interrupted:
            raise KeyboardInterrupt
        while not stop.is_set():
            try:
                yield self._coming.get(timeout=0.01)
            except queue.Empty:
                continue
