"""The mailbox of the local topics' email subscribers: one .eml file per mail, in the order of arrival."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.atomic_write import write_atomically

FOLLOW_SECONDS = 0.05
CLOCK_TICK_NS = 100_000_000
ATTRIBUTE_PREFIX = "X-Sns-Attribute-"
# SNS's subject for a notification without one.
DEFAULT_SUBJECT = "AWS Notification Message"
SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Mail:
    """One mail. `id` sorts by arrival; `received_ms` is in epoch milliseconds; `attributes` are from SNS."""

    id: str
    subject: str
    body: str
    to: str
    received_ms: int
    message_id: str
    topic_arn: str
    attributes: dict[str, str]


class Mailbox:
    """Reads the emulator's mail folder, which may not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> str:
        """The id of the newest mail; empty if the mailbox is empty."""
        return max(self._ids(), default="")

    def messages(self, *, after: str = "") -> list[Mail]:
        """The mails that arrived after the mail with the id `after`, in order; all mails by default."""
        mails = (
            _read_mail(self._path / f"{mail_id}.eml") for mail_id in sorted(self._ids()) if mail_id > after
        )
        return [mail for mail in mails if mail]

    def follow(self, stop: threading.Event, *, after: str = "") -> Iterator[Mail]:
        """Existing mails, then new mails as they arrive, until `stop` is set."""
        last_modified = -1
        while not stop.is_set():
            # Reads the folder only after a change. Two changes within one tick of the file system's clock
            # have the same time, so the folder is read again after a recent change.
            modified = self._modified_ns()
            if modified != last_modified or time.time_ns() - modified < CLOCK_TICK_NS:
                last_modified = modified
                for mail in self.messages(after=after):
                    after = mail.id
                    yield mail
            stop.wait(FOLLOW_SECONDS)

    def _modified_ns(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _ids(self) -> list[str]:
        # Names of unfinished files start with a dot.
        return [path.stem for path in self._path.glob("[!.]*.eml")]


def _read_mail(path: Path) -> Mail | None:
    """The mail in a file; None if a reset has deleted the file."""
    try:
        return _parse_mail(path.stem, path.read_bytes())
    except FileNotFoundError:
        return None


# Callers that wait for a mail read the same files again.
@lru_cache(maxsize=1024)
def _parse_mail(mail_id: str, content: bytes) -> Mail:
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    return Mail(
        id=mail_id,
        subject=str(message["Subject"]),
        body=message.get_content().replace("\r\n", "\n").removesuffix("\n"),
        to=str(message["To"]),
        received_ms=int(str(message["X-Received-Ms"])),
        message_id=str(message["X-Sns-Message-Id"]),
        topic_arn=str(message["X-Sns-Topic-Arn"]),
        attributes={
            name.removeprefix(ATTRIBUTE_PREFIX): str(value)
            for name, value in message.items()
            if name.startswith(ATTRIBUTE_PREFIX)
        },
    )


class MailWriter:
    """Writes mail into one folder. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._last_ms = 0
        self._count = 0

    def write(
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
