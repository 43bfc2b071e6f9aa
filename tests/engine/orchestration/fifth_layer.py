"""A layer `reporting` as its team would add it, to a clone of this repository."""

import subprocess

from orchestration.environments import ROOT
from tests.scratch import Scratch

LAYER = "reporting"
LIST = "PROJECTS = (FOUNDATION, DATA, PROCESSING, EDGE)"
PROJECT = f'REPORTING = Project("{LAYER}", owner="analysts", depends_on=("foundation",))\n\n'
AFTER_CONTRACTS = "# In the order of the classes above.\n"
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
    """What must not be deleted."""

    project: ClassVar[Project] = projects.REPORTING

    deletion_protection: bool = True
'''
ALARMS = '''\
"""The alarms of the layer reporting: reports that nobody writes."""

from shared import projects
from shared.alarms import AlarmTable
from shared.names import Names
from shared.queue_alarms import failure_queue_alarm
from stacks.reporting.settings import ReportingSettings

LAYER = projects.REPORTING.layer


def queue_name(names: Names) -> str:
    """The physical name of the queue."""
    return "-".join(filter(None, ["reports", names.suffix]))


def read_table(names: Names, settings: ReportingSettings) -> AlarmTable:
    """Everything that CloudWatch watches in the layer."""
    del settings
    return AlarmTable(
        dashboard_name=names.alarm(LAYER, "dashboard"),
        alarms=(failure_queue_alarm(LAYER, "reports", queue_name(names), names, "fraud-failures.md"),),
    )
'''
PROGRAM = '''\
"""The layer reporting: the queue of reports to write."""

from shared import contracts, projects
from shared.alarm_resources import Watch
from shared.configuration import load
from shared.contracts import FoundationOutputs, ReportingOutputs
from shared.names import Names
from shared.queues import EncryptedQueue, EncryptedQueueArgs
from shared.tags import tag_resources
from stacks.reporting.alarms import queue_name, read_table
from stacks.reporting.settings import ReportingSettings

settings = load(ReportingSettings)
foundation = contracts.load(FoundationOutputs)
tag_resources(projects.REPORTING)
names = Names(settings.name_suffix)

reports = EncryptedQueue(
    "reports",
    EncryptedQueueArgs(
        name=queue_name(names),
        key_arn=foundation.data_key_arn,
        protected=settings.deletion_protection,
    ),
)

Watch("watch", read_table(names, settings), foundation.operations_topic_arn)

contracts.export(ReportingOutputs(reports_queue_url=reports.queue.url), reads=[foundation])
'''
BY_HAND = {f"stacks/{LAYER}/", "shared/projects.py", "shared/contracts.py"}


def add_to(clone: Scratch) -> None:
    """Its folder, its entry in the list of layers, and its contract."""
    folder = clone.root / "stacks" / LAYER
    folder.mkdir()
    for name, text in (("__main__.py", PROGRAM), ("settings.py", SETTINGS), ("alarms.py", ALARMS)):
        (folder / name).write_text(text)
    for example in (ROOT / "stacks" / "data").glob("Pulumi*.yaml"):
        (folder / example.name).write_text(_ours(example.read_text()))
    clone.replace("shared/projects.py", LIST, f"{PROJECT}{LIST.replace(')', ', REPORTING)')}")
    clone.replace("shared/contracts.py", AFTER_CONTRACTS, f"{CONTRACT}{AFTER_CONTRACTS}")


def touched(clone: Scratch) -> set[str]:
    """What differs from the commit; of a new folder only its name."""
    status = subprocess.run(
        ["git", "status", "--porcelain", "-z"], cwd=clone.root, check=True, capture_output=True, text=True
    ).stdout
    return {line[3:] for line in status.split("\0") if line}


def _ours(example: str) -> str:
    """The settings that every layer has, and this one."""
    kept = [
        line for line in example.splitlines() if "fraud-data:" not in line or "deletionProtection" in line
    ]
    return "\n".join(kept).replace("fraud-data", f"fraud-{LAYER}") + "\n"
