"""Storage of state backups: in the account's state bucket, or in a folder for other backends."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from platformdirs import user_data_path

from orchestration.environments import Environment, load_account
from orchestration.pulumi import backend
from orchestration.state.state_files import BucketStateFiles, FolderStateFiles, StateFiles
from shared.atomic_write import write_atomically
from terminal.aws_errors import translate_aws_errors

BACKUP_FOLDER = "backups"
# The limit in a folder. A bucket deletes old backups by its lifecycle rules.
MAX_BACKUPS = 50


class BackupStore(StateFiles, Protocol):
    """Files that can be written."""

    def write(self, name: str, content: bytes) -> None: ...

    def delete_expired(self, folder: str) -> None:
        """Delete the oldest files of a folder above the limit."""


class FolderBackupStore(FolderStateFiles):
    """A folder. Only its owner can read the files, because states contain private data."""

    def write(self, name: str, content: bytes) -> None:
        write_atomically(self.root / name, content)

    def delete_expired(self, folder: str) -> None:
        for name in self.list_names(folder)[:-MAX_BACKUPS]:
            (self.root / name).unlink(missing_ok=True)


class BucketBackupStore(BucketStateFiles):
    """The account's state bucket, which encrypts and expires objects."""

    def write(self, name: str, content: bytes) -> None:
        with translate_aws_errors():
            self._client.put_object(Bucket=self.name, Key=self._key(name), Body=content)

    def delete_expired(self, folder: str) -> None:
        """Do nothing: the bucket's lifecycle rules delete old backups."""


@dataclass(frozen=True)
class Backup:
    """A backup of a state. The file name contains all fields, so that a list needs no file contents.

    `id` is `<date>-<time>-<microseconds>-<digest>` in UTC.
    """

    id: str
    resources: int

    @classmethod
    def from_file_name(cls, name: str) -> "Backup | None":
        """Parse a file name; None if the file is not a backup."""
        id_, _, rest = name.rpartition("/")[2].partition(".")
        count = rest.removesuffix(".json")
        return cls(id_, int(count)) if count.isdigit() else None

    @property
    def file(self) -> str:
        return f"{self.id}.{self.resources}.json"

    @property
    def digest(self) -> str:
        """The digest of the state."""
        return self.id.rpartition("-")[2]

    @property
    def created_at(self) -> str:
        """The time in UTC, to the second, as `2026-01-02 03:04:05`."""
        date, time = self.id.split("-")[:2]
        return f"{date[:4]}-{date[4:6]}-{date[6:]} {time[:2]}:{time[2:4]}:{time[4:]}"


def open_backup_store(environment: Environment) -> BackupStore:
    """Return the store for the backups of an environment."""
    if environment.is_local:
        return FolderBackupStore(environment.state_folder / BACKUP_FOLDER)
    state = backend.find_account_state(environment, os.environ)
    if state:
        return BucketBackupStore(state.bucket, BACKUP_FOLDER, {"region": state.account.region})
    account = load_account(environment)
    return FolderBackupStore(Path(user_data_path("fraud-pipeline")) / BACKUP_FOLDER / account.id)


def list_backups(store: BackupStore, folder: str) -> Sequence[Backup]:
    """Return the backups in a folder, newest last."""
    return [backup for name in store.list_names(folder) if (backup := Backup.from_file_name(name))]
