"""A mailbox in memory."""

import queue
import threading
from collections.abc import Iterator, Sequence

from local.mailbox import Mail, Mailbox


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


class FakeMailbox(Mailbox):
    """Contains `mails` and those that `deliver` adds. With `interrupted`, following ends with Ctrl-C."""

    def __init__(self, mails: Sequence[Mail] = (), *, interrupted: bool = False) -> None:
        self.mails = list(mails)
        self._interrupted = interrupted
        self._delivered: queue.SimpleQueue[Mail] = queue.SimpleQueue()

    def deliver(self, new: Mail) -> None:
        self._delivered.put(new)

    def last(self) -> str:
        return ""

    def messages(self, *, after: str = "") -> list[Mail]:
        return self.mails

    def follow(self, stop: threading.Event, *, after: str = "") -> Iterator[Mail]:
        yield from self.mails
        if self._interrupted:
            raise KeyboardInterrupt
        while not stop.is_set():
            try:
                yield self._delivered.get(timeout=0.01)
            except queue.Empty:
                continue
