"""Where copies of states are kept: beside the state in the account's bucket, else in a folder."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from platformdirs import user_data_path

from orchestration.environments import Environment, account_of
from orchestration.state import backend, state_files
from orchestration.state.state_files import StateFiles
from shared.atomic_write import write_atomically
from terminal.aws_errors import told_to_users

FOLDER = "backups"
# A bucket deletes what is old by itself.
KEPT = 50


class Place(StateFiles, Protocol):
    """Files that can be written as well."""

    def write(self, name: str, content: bytes) -> None:
        """Keep a file."""

    def forget_old(self, folder: str) -> None:
        """Remove what is too much in a folder, the first by name, if nobody else does."""


class FolderPlace(state_files.Folder):
    """A folder that is nobody else's to read: what is no secret to Pulumi may be one to others."""

    def write(self, name: str, content: bytes) -> None:
        write_atomically(self.root / name, content)

    def forget_old(self, folder: str) -> None:
        for name in self.names(folder)[:-KEPT]:
            (self.root / name).unlink(missing_ok=True)


class BucketPlace(state_files.Bucket):
    """The account's bucket, which encrypts what it gets and expires it."""

    def write(self, name: str, content: bytes) -> None:
        with told_to_users():
            self._client.put_object(Bucket=self.name, Key=self._key(name), Body=content)

    def forget_old(self, folder: str) -> None:
        """The bucket's lifecycle does."""


@dataclass(frozen=True)
class Kept:
    """One copy. Its name says what a list of copies shows, so that none has to be read for that."""

    id: str
    resources: int

    @classmethod
    def of(cls, name: str) -> "Kept | None":
        """From the name of its file; None if it is none of ours."""
        id_, _, rest = name.rpartition("/")[2].partition(".")
        count = rest.removesuffix(".json")
        return cls(id_, int(count)) if count.isdigit() else None

    @property
    def file(self) -> str:
        return f"{self.id}.{self.resources}.json"

    @property
    def digest(self) -> str:
        """Of the state that it is a copy of."""
        return self.id.rpartition("-")[2]

    @property
    def when(self) -> str:
        """In UTC, to the second."""
        date, time = self.id.split("-")[:2]
        return f"{date[:4]}-{date[4:6]}-{date[6:]} {time[:2]}:{time[2:4]}:{time[4:]}"


def place_of(environment: Environment) -> Place:
    """Where the copies of an environment's states are."""
    if environment.is_local:
        return FolderPlace(environment.state_folder / FOLDER)
    state = backend.in_account(environment, os.environ)
    if state:
        return BucketPlace(state.bucket, FOLDER, {"region": state.account.region})
    account = account_of(environment)
    return FolderPlace(Path(user_data_path("fraud-pipeline")) / FOLDER / account.id)


def names(place: Place, folder: str) -> Sequence[Kept]:
    """The copies in a folder, the newest last."""
    return [kept for name in place.names(folder) if (kept := Kept.of(name))]
