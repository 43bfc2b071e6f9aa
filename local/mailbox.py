"""The mailbox of the local topics' email subscribers: one .eml file per mail, in the order of arrival."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

FOLLOW_SECONDS = 0.05
CLOCK_TICK_NS = 100_000_000
ATTRIBUTE_PREFIX = "X-Sns-Attribute-"


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
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    return Mail(
        id=path.stem,
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
