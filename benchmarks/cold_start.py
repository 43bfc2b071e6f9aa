"""How long a function takes to start: imports and clients, against a bare process that makes those clients.

The function's code is laid out as in its zip and without compiled files, as Lambda runs it: the folder of the
code is read-only there, so what is not compiled in the zip is compiled at every start.
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

from benchmarks.scoring import artifact
from detection.rules.rule_file import rules_of
from functions.api.environment import ApiEnvironment
from functions.common.runtime.environment import Environment, to_variables
from functions.fraud.environment import FraudEnvironment
from functions.labels.environment import LabelsEnvironment
from functions.notify.environment import NotifyEnvironment

ROOT = Path(__file__).parents[1]
GOAL_RATIO = 1.25
RUNS = 15
_TABLES = {"table_name": "transactions", "profiles_table_name": "profiles"}
# The clients that a start makes, and what the function is told.
FUNCTIONS: dict[str, tuple[tuple[str, ...], Environment]] = {
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
    """Prints a line per function; True if all reach the goal."""
    with tempfile.TemporaryDirectory() as folder:
        _lay_out(Path(folder))
        results = [_measure(name, Path(folder)) for name in FUNCTIONS]
    return all(results)


def _measure(name: str, folder: Path) -> bool:
    services, environment = FUNCTIONS[name]
    bare = "import boto3; " + "; ".join(f"boto3.client('{service}')" for service in services)
    own = f"import functions.{name}.handler"
    variables = {
        **_AWS,
        **to_variables(environment),
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # The first pair only warms the file cache. A ratio per pair, so that a busy moment strikes both sides.
    pairs = [(_seconds(own, folder, variables), _seconds(bare, folder, variables)) for _ in range(RUNS + 1)][
        1:
    ]
    ratio = statistics.median(own_seconds / bare_seconds for own_seconds, bare_seconds in pairs)
    own_ms, bare_ms = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
    print(
        f"cold start of {name}: {ratio:.2f} times bare boto3 with the same clients"
        f" ({own_ms:.0f} ms against {bare_ms:.0f} ms, medians of {RUNS})"
        f"; goal {GOAL_RATIO:.2f}; {'ok' if ratio <= GOAL_RATIO else 'over'}"
    )
    return ratio <= GOAL_RATIO


def _seconds(code: str, folder: Path, variables: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=variables, check=True)
    return time.perf_counter() - start


def _lay_out(folder: Path) -> None:
    """The functions and the dependencies they ship, as in a zip."""
    no_compiled_files = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions", folder / "functions", ignore=no_compiled_files)
    rules = rules_of(ROOT / "stacks/processing/rules.yaml")
    (folder / "functions/fraud/rules.json").write_bytes(rules.to_json())
    (folder / "functions/fraud/model.json").write_bytes(artifact())
    shutil.copytree(Path(msgspec.__file__).parent, folder / "msgspec", ignore=no_compiled_files)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
