"""Delivery of SNS notifications to the mailbox, as the mail that the subscriber would receive."""

import re
import threading
import time
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from local.mailbox import ATTRIBUTE_PREFIX
from shared.atomic_write import write_atomically

# SNS's subject for a notification without one.
DEFAULT_SUBJECT = "AWS Notification Message"
SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]+")


class MailDelivery:
    """Writes mail into one folder. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._last_ms = 0
        self._count = 0

    def deliver(
        self,
        *,
        to: str,
        topic_arn: str,
        message_id: str,
        subject: str,
        body: str,
        attributes: Mapping[str, Any],
    ) -> None:
        """Write one mail. `attributes` are message attributes in the format of the SNS API."""
        received_ms, name = self._next_name()
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = SENDER
        mail["To"] = CONTROL_CHARACTERS.sub(" ", to)
        mail["Subject"] = CONTROL_CHARACTERS.sub(" ", subject or DEFAULT_SUBJECT)
        mail["X-Sns-Message-Id"] = message_id
        mail["X-Sns-Topic-Arn"] = topic_arn
        mail["X-Received-Ms"] = str(received_ms)
        for attribute, value in attributes.items():
            # Letters, digits, dots, dashes and underscores: every attribute name is a valid header name.
            text = CONTROL_CHARACTERS.sub(" ", str(value.get("StringValue", "")))
            mail[f"{ATTRIBUTE_PREFIX}{attribute}"] = text
        mail.set_content(body)
        write_atomically(self._path / f"{name}.eml", mail.as_bytes())

    def _next_name(self) -> tuple[int, str]:
        """The time, and a file name that sorts after all earlier ones even if the clock is set back."""
        with self._lock:
            self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
            self._count += 1
            return self._last_ms, f"{self._last_ms:013d}-{self._count:08d}"
