"""The alarm tables of every layer with an environment's settings, as a tool outside Pulumi reads them."""

from shared.alarms import Alarm, AlarmTable
from shared.configuration import validate_file
from shared.names import Names
from stacks.data import alarms as data
from stacks.data.settings import DataSettings
from stacks.edge import alarms as edge
from stacks.edge.settings import EdgeSettings
from stacks.processing import alarms as processing
from stacks.processing.settings import ProcessingSettings


def read_tables(environment: str = "prod") -> dict[str, AlarmTable]:
    """The tables by layer."""
    of_data = validate_file(DataSettings, environment)
    of_processing = validate_file(ProcessingSettings, environment)
    of_edge = validate_file(EdgeSettings, environment)
    return {
        "data": data.read_table(Names(of_data.name_suffix), of_data),
        "processing": processing.read_table(Names(of_processing.name_suffix), of_processing),
        "edge": edge.read_table(Names(of_edge.name_suffix), of_edge),
    }


def read_alarms(environment: str = "prod") -> dict[str, tuple[Alarm, ...]]:
    """The metric alarms by layer."""
    return {layer: table.alarms for layer, table in read_tables(environment).items()}
