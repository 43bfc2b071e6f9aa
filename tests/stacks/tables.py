"""The alarm tables of every layer with an environment's settings, as a tool outside Pulumi reads them."""

from operations.health import tables
from orchestration.environments import Environment
from shared.alarms import Alarm, AlarmTable
from tests.stacks.recording import ROOT


def read_tables(environment: str = "prod") -> dict[str, AlarmTable]:
    """The tables by layer."""
    return tables.read_tables(Environment(environment, ROOT))


def read_alarms(environment: str = "prod") -> dict[str, tuple[Alarm, ...]]:
    """The metric alarms by layer."""
    return {layer: table.alarms for layer, table in read_tables(environment).items()}
