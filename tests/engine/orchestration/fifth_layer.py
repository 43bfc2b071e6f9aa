"""A new layer `reporting` in a clone of this repository."""

import subprocess

from orchestration.environments import ROOT
from tests.scratch import ScratchClone

LAYER = "reporting"
LIST = "PROJECTS = (FOUNDATION, DATA, PROCESSING, EDGE)"
PROJECT = f'REPORTING = Project("{LAYER}", owner="analysts", depends_on=("foundation",))\n\n'
CONTRACTS_MARKER = "# In the order of the classes above.\n"
CONTRACT = '''\
@dataclass(frozen=True, kw_only=True)
class ReportingOutputs(Contract):
    """The queue of reports to write."""

    producer: ClassVar[Project] = projects.REPORTING

    reports_queue_url: pulumi.Input[str]


'''
SETTINGS = '''\
"""The settings of the layer reporting."""

from typing import ClassVar

from shared import projects
from shared.projects import Project
from shared.settings import Settings


class ReportingSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """The setting of the layer."""

    project: ClassVar[Project] = projects.REPORTING

    deletion_protection: bool = True
'''
ALARMS = '''\
"""The alarms of the layer reporting."""

from shared import projects
from shared.alarms import AlarmTable
from shared.names import Names
from shared.queue_alarms import failure_queue_alarm
from stacks.reporting.settings import ReportingSettings

LAYER = projects.REPORTING.layer


def queue_name(names: Names) -> str:
    """Return the physical name of the queue."""
    return "-".join(filter(None, ["reports", names.suffix]))


def build_alarm_table(names: Names, settings: ReportingSettings) -> AlarmTable:
    """Return the dashboard and the alarms of the layer."""
    del settings
    return AlarmTable(
        dashboard_name=names.alarm(LAYER, "dashboard"),
        alarms=(
            failure_queue_alarm(
                LAYER, "reports-dlq", f"{queue_name(names)}-dlq", names, "fraud-failures.md"
            ),
        ),
    )
'''
PROGRAM = '''\
"""The layer reporting: the queue of reports to write."""

from shared import contracts, projects
from shared.alarm_resources import LayerMonitoring
from shared.configuration import load_settings
from shared.contracts import FoundationOutputs, ReportingOutputs
from shared.names import Names
from shared.queues import EncryptedQueue, EncryptedQueueArgs
from shared.tags import tag_resources
from stacks.reporting.alarms import queue_name, build_alarm_table
from stacks.reporting.settings import ReportingSettings

settings = load_settings(ReportingSettings)
foundation = contracts.load_outputs(FoundationOutputs)
tag_resources(projects.REPORTING)
names = Names(settings.name_suffix)

dead_letters = EncryptedQueue(
    "reports-dlq",
    EncryptedQueueArgs(
        name=f"{queue_name(names)}-dlq",
        key_arn=foundation.failures_key_arn,
        protected=settings.deletion_protection,
    ),
)
reports = EncryptedQueue(
    "reports",
    EncryptedQueueArgs(
        name=queue_name(names),
        key_arn=foundation.data_key_arn,
        protected=settings.deletion_protection,
        dead_letter_arn=dead_letters.queue.arn,
    ),
)

LayerMonitoring("watch", build_alarm_table(names, settings), foundation.operations_topic_arn)

contracts.export_outputs(ReportingOutputs(reports_queue_url=reports.queue.url), inputs=[foundation])
'''
MANUAL_CHANGES = {f"stacks/{LAYER}/", "shared/projects.py", "shared/contracts.py", "CODEOWNERS"}
OWNER = f"/stacks/{LAYER}/ @example/analysts\n"
OWNERS_MARKER = "/.github/ "


def add_layer(clone: ScratchClone) -> None:
    """Add the folder, the entry in the list of layers, the contract and the owner."""
    folder = clone.root / "stacks" / LAYER
    folder.mkdir()
    for name, text in (("__main__.py", PROGRAM), ("settings.py", SETTINGS), ("alarms.py", ALARMS)):
        (folder / name).write_text(text)
    for example in (ROOT / "stacks" / "data").glob("Pulumi*.yaml"):
        (folder / example.name).write_text(_adapt_settings(example.read_text()))
    clone.replace("shared/projects.py", LIST, f"{PROJECT}{LIST.replace(')', ', REPORTING)')}")
    clone.replace("CODEOWNERS", OWNERS_MARKER, f"{OWNER}{OWNERS_MARKER}")
    clone.replace("shared/contracts.py", CONTRACTS_MARKER, f"{CONTRACT}{CONTRACTS_MARKER}")


def list_changes(clone: ScratchClone) -> set[str]:
    """Return the paths that differ from the commit. A new folder is one path."""
    status = subprocess.run(
        ["git", "status", "--porcelain", "-z"], cwd=clone.root, check=True, capture_output=True, text=True
    ).stdout
    return {line[3:] for line in status.split("\0") if line}


def _adapt_settings(example: str) -> str:
    """Return the settings of the data layer without those that only the data layer has."""
    lines = [
        line for line in example.splitlines() if "fraud-data:" not in line or "deletionProtection" in line
    ]
    return "\n".join(lines).replace("fraud-data", f"fraud-{LAYER}") + "\n"
