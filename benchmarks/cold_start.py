"""Cold start of each function, compared with a process that only creates the same boto3 clients.

The code is laid out as in the function's zip file, without compiled files. The folder of the code is
read-only in Lambda, so Python compiles it at every cold start.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.scoring import random_artifact
from detection.rules.rule_file import read_rules
from functions.api.environment import ApiEnvironment
from functions.common.runtime.environment import FunctionEnvironment, environment_variables
from functions.fraud.environment import FraudEnvironment
from functions.labels.environment import LabelsEnvironment
from functions.notify.environment import NotifyEnvironment

ROOT = Path(__file__).parents[1]
GOAL_RATIO = 1.25
RUNS = 15
_TABLES = {"table_name": "transactions", "profiles_table_name": "profiles"}
# The clients that a start creates, and the environment of the function.
FUNCTIONS: dict[str, tuple[tuple[str, ...], FunctionEnvironment]] = {
    "api": (("dynamodb",), ApiEnvironment(table_name="transactions", retention_days=400)),
    "labels": (("dynamodb",), LabelsEnvironment(**_TABLES)),
    "fraud": (
        ("dynamodb", "sqs"),
        FraudEnvironment(
            queue_url="https://example.invalid/queue",
            failure_queue_url="https://example.invalid/failures",
            alert_window_seconds=600,
            **_TABLES,
        ),
    ),
    "notify": (
        ("sns",),
        NotifyEnvironment(topic_arn="arn:aws:sns:us-east-1:123456789012:alerts", **_TABLES),
    ),
}
_AWS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}


def main() -> bool:
    """Print one line per function. Returns True if all functions reach the goal."""
    with tempfile.TemporaryDirectory() as folder:
        _copy_code(Path(folder))
        results = [_measure_cold_start(name, Path(folder)) for name in FUNCTIONS]
    return all(results)


def _measure_cold_start(name: str, folder: Path) -> bool:
    services, environment = FUNCTIONS[name]
    bare = "import boto3; " + "; ".join(f"boto3.client('{service}')" for service in services)
    own = f"import functions.{name}.handler"
    variables = {
        **_AWS,
        **environment_variables(environment),
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # The first pair warms the file cache. Runs are measured in pairs, so that load on the machine affects
    # both.
    pairs = [
        (_measure_seconds(own, folder, variables), _measure_seconds(bare, folder, variables))
        for _ in range(RUNS + 1)
    ][1:]
    ratio = statistics.median(own_seconds / bare_seconds for own_seconds, bare_seconds in pairs)
    own_ms, bare_ms = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
    print(
        f"Cold start of {name}: {ratio:.2f} times boto3 alone with the same clients"
        f" ({own_ms:.0f} ms and {bare_ms:.0f} ms, medians of {RUNS});"
        f" goal: at most {GOAL_RATIO:.2f}; {'ok' if ratio <= GOAL_RATIO else 'missed'}"
    )
    return ratio <= GOAL_RATIO


def _measure_seconds(code: str, folder: Path, variables: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=variables, check=True)
    return time.perf_counter() - start


def _copy_code(folder: Path) -> None:
    """Copy the functions and their dependencies, as in a zip file."""
    no_compiled_files = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions", folder / "functions", ignore=no_compiled_files)
    rules = read_rules(ROOT / "stacks/processing/rules.yaml")
    (folder / "functions/fraud/rules.json").write_bytes(rules.to_json())
    (folder / "functions/fraud/model.json").write_bytes(random_artifact())
    shutil.copytree(Path(msgspec.__file__).parent, folder / "msgspec", ignore=no_compiled_files)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
