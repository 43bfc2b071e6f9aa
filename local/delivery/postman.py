"""Puts a notification into the mailbox as the mail its subscriber would have received."""

import re
import threading
import time
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from local.mailbox import ATTRIBUTE
from shared.atomic_write import write_atomically

# What SNS writes when the publisher gives no subject.
DEFAULT_SUBJECT = "AWS Notification Message"
SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class Postman:
    """Writes one folder's mail; safe to use from several threads."""

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
        """Write one mail. `attributes` are SNS message attributes as the API takes them."""
        received_ms, name = self._next()
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = SENDER
        mail["To"] = CONTROL.sub(" ", to)
        mail["Subject"] = CONTROL.sub(" ", subject or DEFAULT_SUBJECT)
        mail["X-Sns-Message-Id"] = message_id
        mail["X-Sns-Topic-Arn"] = topic_arn
        mail["X-Received-Ms"] = str(received_ms)
        for attribute, value in attributes.items():
            # Attribute names are of letters, digits, dot, dash and underscore: fit for a header.
            mail[f"{ATTRIBUTE}{attribute}"] = CONTROL.sub(" ", str(value.get("StringValue", "")))
        mail.set_content(body)
        write_atomically(self._path / f"{name}.eml", mail.as_bytes())

    def _next(self) -> tuple[int, str]:
        """The time, and a name that sorts after all before it even when the clock is set back."""
        with self._lock:
            self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
            self._count += 1
            return self._last_ms, f"{self._last_ms:013d}-{self._count:08d}"
