"""The alarm tables of the layers, read without running their programs."""

import importlib
import importlib.util

from orchestration.environments import Environment
from orchestration.layers import LAYERS, settings_model
from shared.alarms import AlarmTable
from shared.configuration import validate_file
from shared.names import Names


def read_tables(environment: Environment) -> dict[str, AlarmTable]:
    """The tables with the environment's settings, by layer; a layer without `alarms.py` has none."""
    tables = {}
    for layer in LAYERS:
        module = f"stacks.{layer.name}.alarms"
        if importlib.util.find_spec(module):
            settings = validate_file(settings_model(layer), environment.name, environment.root)
            names = Names(settings.name_suffix)
            tables[layer.name] = importlib.import_module(module).read_table(names, settings)
    return tables
