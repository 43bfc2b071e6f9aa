"""The alarm tables of the layers, with the settings of an environment."""

from operations.health import alarm_states
from orchestration.environments import Environment
from shared.alarms import Alarm, AlarmTable
from tests.stacks.recording import ROOT


def read_tables(environment: str = "prod") -> dict[str, AlarmTable]:
    return alarm_states.read_alarm_tables(Environment(environment, ROOT))


def read_alarms(environment: str = "prod") -> dict[str, tuple[Alarm, ...]]:
    return {layer: table.alarms for layer, table in read_tables(environment).items()}
