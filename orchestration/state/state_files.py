"""Read access to the files in which Pulumi's own backends store stacks: in a folder or in an S3 bucket.

The names of files are those of the CLI: `.pulumi/locks/…`, `.pulumi/history/…`. See `backend/diy` in Pulumi.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.config import Config

from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class StateFiles(Protocol):
    """The files of a backend. Names are relative to the location in the backend's URL."""

    def list_names(self, folder: str) -> Sequence[str]:
        """Return the names of the files in and below a folder, sorted; empty if it does not exist."""

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None if it does not exist."""


def open_state_files(url: str) -> StateFiles | None:
    """Return the files of a backend; None for backends other than folders and S3."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        path = Path(unquote(url.removeprefix("file://").partition("?")[0]))
        return FolderStateFiles(path.expanduser().absolute())
    if parts.scheme == "s3":
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return BucketStateFiles(parts.netloc, parts.path.strip("/"), options)
    return None


@dataclass(frozen=True)
class FolderStateFiles:
    """The backend `file://…`."""

    root: Path

    def list_names(self, folder: str) -> Sequence[str]:
        paths = (self.root / folder).rglob("*")
        return sorted(path.relative_to(self.root).as_posix() for path in paths if path.is_file())

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None


@dataclass(frozen=True)
class BucketStateFiles:
    """The backend `s3://name/prefix?options`. The options select the endpoint and the credentials."""

    name: str
    prefix: str = ""
    options: dict[str, str] = field(default_factory=dict)

    def list_names(self, folder: str) -> Sequence[str]:
        with translate_aws_errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=self._key(folder.rstrip("/") + "/")
            )
            keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return sorted(key.removeprefix(self._key("")) for key in keys)

    def read(self, name: str) -> bytes | None:
        with translate_aws_errors():
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
            is_insecure = "true" in (options.get("disableSSL"), options.get("disable_https"))
            endpoint = f"{'http' if is_insecure else 'https'}://{endpoint}"
        has_path_style = "true" in (options.get("s3ForcePathStyle"), options.get("use_path_style"))
        with translate_aws_errors():
            session = boto3.Session(
                profile_name=options.get("profile"), region_name=options.get("region") or None
            )
            return session.client(
                "s3",
                endpoint_url=endpoint,
                config=Config(s3={"addressing_style": "path"}) if has_path_style else None,
            )
