"""Size of each function's zip file, compared with the size that boto3 would add.

Lambda loads the zip file before a cold start. Its runtime contains boto3.
"""

import sys
import zipfile
import zlib
from pathlib import Path

import boto3
import botocore

from shared.packaging import build_package
from stacks.processing.files import read_files
from stacks.processing.settings import ProcessingSettings

ROOT = Path(__file__).parents[1]
ARCHITECTURE = "arm64"
GOAL_KIB = 512
FUNCTIONS = ("api", "fraud", "labels", "merchants", "notify")
NOT_TO_SHIP = ("boto3/", "botocore/", "s3transfer/", "urllib3/")


def main() -> bool:
    """Print one line per function.

    Returns True if all functions reach the goal and none contains packages of the runtime.
    """
    boto3_kib = sum(_zipped_bytes(Path(module.__file__).parent) for module in (boto3, botocore)) / 1024
    results = [_measure_package(name, boto3_kib) for name in FUNCTIONS]
    return all(results)


def _measure_package(name: str, boto3_kib: float) -> bool:
    extra = read_files(ProcessingSettings(), ROOT / "stacks/processing") if name == "fraud" else {}
    archive = build_package(name, architecture=ARCHITECTURE, extra_files=extra)
    kib = archive.stat().st_size / 1024
    with zipfile.ZipFile(archive) as content:
        own = sum(
            entry.compress_size for entry in content.infolist() if entry.filename.startswith("functions/")
        )
        shipped = [entry for entry in content.namelist() if entry.startswith(NOT_TO_SHIP)]
    reached = kib <= GOAL_KIB and not shipped
    print(
        f"Zip file of {name}: {kib:.0f} KiB, including {own / 1024:.0f} KiB of our own code; boto3 would add"
        f" {boto3_kib:.0f} KiB; goal: at most {GOAL_KIB} KiB without boto3; {'ok' if reached else 'missed'}"
    )
    return reached


def _zipped_bytes(folder: Path) -> int:
    """The approximate size of the files in a zip file."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sum(len(zlib.compress(path.read_bytes(), 1)) for path in files)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
