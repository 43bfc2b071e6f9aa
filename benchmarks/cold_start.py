"""Cold start of each function, compared with a process that only creates the same boto3 clients.

The code is that of the function's zip file, with rules and a model of realistic size for the fraud function.
The folder of the code is read-only in Lambda, hence Python writes no bytecode here. The start without the
bytecode of the zip file is measured for comparison.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import boto3

from benchmarks.scoring import random_artifact
from detection.rules.rule_file import read_rules
from functions.api.environment import ApiEnvironment
from functions.common.runtime.environment import FunctionEnvironment, environment_variables
from functions.fraud.environment import FraudEnvironment
from functions.labels.environment import LabelsEnvironment
from functions.merchants.environment import MerchantsEnvironment
from functions.notify.environment import NotifyEnvironment
from shared.packaging import HOST, build_package

ROOT = Path(__file__).parents[1]
GOAL_RATIO = 1.10
RUNS = 15
# The packages of Lambda's runtime that boto3 consists of. A process sees no others: with the package
# typing_extensions, which msgspec imports if it exists, a start takes 25 ms more.
_RUNTIME_PACKAGES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")
_TABLES = {"table_name": "transactions", "profiles_table_name": "profiles"}
# The clients that a start creates, and the environment of the function.
FUNCTIONS: dict[str, tuple[tuple[str, ...], FunctionEnvironment]] = {
    "api": (
        ("dynamodb",),
        ApiEnvironment(
            table_name="transactions", retention_days=90, max_transaction_age_days=30, extra_decimals="refuse"
        ),
    ),
    "labels": (("dynamodb",), LabelsEnvironment(**_TABLES)),
    "fraud": (
        ("dynamodb", "sqs"),
        FraudEnvironment(
            queue_url="https://example.invalid/queue",
            retry_queue_url="https://example.invalid/retries",
            failure_queue_url="https://example.invalid/failures",
            alert_window_seconds=600,
            **_TABLES,
        ),
    ),
    "merchants": (("dynamodb",), MerchantsEnvironment(profiles_table_name="profiles")),
    "notify": (
        ("sns",),
        NotifyEnvironment(topic_arn="arn:aws:sns:us-east-1:123456789012:alerts", **_TABLES),
    ),
}
_AWS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",  # pragma: allowlist secret
}


def main() -> bool:
    """Print one line per function. Returns True if all functions reach the goal."""
    with tempfile.TemporaryDirectory() as folder:
        _link_runtime(Path(folder) / "runtime")
        results = [_measure_cold_start(name, Path(folder)) for name in FUNCTIONS]
    return all(results)


def _measure_cold_start(name: str, folder: Path) -> bool:
    services, environment = FUNCTIONS[name]
    bare = "import boto3; " + "; ".join(f"boto3.client('{service}')" for service in services)
    own = f"import functions.{name}.handler"
    compiled, source = _extract_package(name, folder)
    variables = {
        **_AWS,
        **environment_variables(environment),
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(folder / "runtime"),
    }
    # The first round warms the file cache. The starts of a round follow each other, so that load on the
    # machine affects all of them.
    rounds = [
        (
            _measure_seconds(own, compiled, variables),
            _measure_seconds(bare, compiled, variables),
            _measure_seconds(own, source, variables),
        )
        for _ in range(RUNS + 1)
    ][1:]
    ratio = statistics.median(own_seconds / bare_seconds for own_seconds, bare_seconds, _ in rounds)
    own_ms, bare_ms, source_ms = (statistics.median(side) * 1000 for side in zip(*rounds, strict=True))
    print(
        f"Cold start of {name}: {ratio:.2f} times boto3 alone with the same clients"
        f" ({own_ms:.0f} ms and {bare_ms:.0f} ms, medians of {RUNS}; {source_ms:.0f} ms without bytecode);"
        f" goal: at most {GOAL_RATIO:.2f}; {'ok' if ratio <= GOAL_RATIO else 'missed'}"
    )
    return ratio <= GOAL_RATIO


def _measure_seconds(code: str, folder: Path, variables: dict[str, str]) -> float:
    start = time.perf_counter()
    # Without `site`, which adds the packages of the virtual environment.
    subprocess.run([sys.executable, "-S", "-c", code], cwd=folder, env=variables, check=True)
    return time.perf_counter() - start


def _link_runtime(folder: Path) -> None:
    folder.mkdir()
    for name in _RUNTIME_PACKAGES:
        (folder / name).symlink_to(Path(boto3.__file__).parents[1] / name)


def _extract_package(name: str, folder: Path) -> tuple[Path, Path]:
    """The folders with the files of the function's zip file, with and without bytecode."""
    compiled, source = folder / name / "compiled", folder / name / "source"
    with zipfile.ZipFile(build_package(name, architecture=HOST, extra_files=_extra_files(name))) as archive:
        archive.extractall(compiled)
        archive.extractall(source, [path for path in archive.namelist() if not path.endswith(".pyc")])
    return compiled, source


def _extra_files(name: str) -> dict[str, bytes]:
    if name != "fraud":
        return {}
    rules = read_rules(ROOT / "stacks/processing/rules.yaml")
    return {"functions/fraud/rules.json": rules.to_json(), "functions/fraud/model.json": random_artifact()}


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
