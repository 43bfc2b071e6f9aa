"""The mail that the local topic's email subscribers received: one .eml file each, in the order it came."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

FOLLOW_SECONDS = 0.05
CLOCK_TICK_NS = 100_000_000
ATTRIBUTE = "X-Sns-Attribute-"


@dataclass(frozen=True)
class Mail:
    """One mail. `id` sorts by arrival, `received_ms` is in epoch milliseconds, `attributes` are SNS's."""

    id: str
    subject: str
    body: str
    to: str
    received_ms: int
    message_id: str
    topic_arn: str
    attributes: dict[str, str]


class Mailbox:
    """Reads the folder that the emulator writes mail into; it need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> str:
        """The id of the newest mail, to follow from; empty if there is none."""
        return max(self._ids(), default="")

    def messages(self, *, after: str = "") -> list[Mail]:
        """The mails that came after the one named, in order; all of them unless one is named."""
        found = (_read(self._path / f"{mail}.eml") for mail in sorted(self._ids()) if mail > after)
        return [mail for mail in found if mail]

    def follow(self, stop: threading.Event, *, after: str = "") -> Iterator[Mail]:
        """Mails as they come, those there already first, until `stop` is set."""
        seen = -1
        while not stop.is_set():
            # One stat a turn: the folder is read only when something was renamed into it. Two renames within
            # a tick of the file system's clock leave one time, so a recent change is looked at again.
            changed = self._changed()
            if changed != seen or time.time_ns() - changed < CLOCK_TICK_NS:
                seen = changed
                for mail in self.messages(after=after):
                    after = mail.id
                    yield mail
            stop.wait(FOLLOW_SECONDS)

    def _changed(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _ids(self) -> list[str]:
        # What is being written has a name that starts with a dot.
        return [path.stem for path in self._path.glob("[!.]*.eml")]


def _read(path: Path) -> Mail | None:
    """The mail in a file; None if a reset has removed it meanwhile."""
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
            name.removeprefix(ATTRIBUTE): str(value)
            for name, value in message.items()
            if name.startswith(ATTRIBUTE)
        },
    )
