"""The files in which Pulumi's own backends keep stacks: in a folder, or in an S3 bucket.

Read only. Names are as the CLI makes them: `.pulumi/locks/…`, `.pulumi/history/…`; see pulumi's backend/diy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.config import Config

from terminal.aws_errors import told_to_users

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEMES = ("file", "s3")


class StateFiles(Protocol):
    """A backend's files. Names are relative to what the backend's URL says."""

    def names(self, folder: str) -> Sequence[str]:
        """The files below a folder, sorted; none if there is no such folder."""

    def read(self, name: str) -> bytes | None:
        """A file's content; None if it is gone meanwhile."""


def at(url: str) -> StateFiles | None:
    """The files of a backend; None of one that keeps none, or where they cannot be read from here."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Folder(Path(unquote(url.removeprefix("file://").partition("?")[0])).expanduser().absolute())
    if parts.scheme == "s3":
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return Bucket(parts.netloc, parts.path.strip("/"), options)
    return None


@dataclass(frozen=True)
class Folder:
    """`file://…`"""

    root: Path

    def names(self, folder: str) -> Sequence[str]:
        found = (self.root / folder).rglob("*")
        return sorted(path.relative_to(self.root).as_posix() for path in found if path.is_file())

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None


@dataclass(frozen=True)
class Bucket:
    """`s3://name/prefix?region=…`, with the options of such a URL that say where S3 is and as whom to ask."""

    name: str
    prefix: str = ""
    options: dict[str, str] = field(default_factory=dict)

    def names(self, folder: str) -> Sequence[str]:
        with told_to_users():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=self._key(folder.rstrip("/") + "/")
            )
            keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return sorted(key.removeprefix(self._key("")) for key in keys)

    def read(self, name: str) -> bytes | None:
        with told_to_users():
            try:
                return self._client.get_object(Bucket=self.name, Key=self._key(name))["Body"].read()
            except self._client.exceptions.NoSuchKey:
                return None

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    @cached_property
    def _client(self) -> "S3Client":
        options = self.options
        endpoint = options.get("endpoint")
        if endpoint and "://" not in endpoint:
            insecure = "true" in (options.get("disableSSL"), options.get("disable_https"))
            endpoint = f"{'http' if insecure else 'https'}://{endpoint}"
        by_path = "true" in (options.get("s3ForcePathStyle"), options.get("use_path_style"))
        with told_to_users():
            session = boto3.Session(
                profile_name=options.get("profile"), region_name=options.get("region") or None
            )
            return session.client(
                "s3",
                endpoint_url=endpoint,
                config=Config(s3={"addressing_style": "path"}) if by_path else None,
            )
