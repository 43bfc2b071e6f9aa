"""The alarm tables of the layers, read without Pulumi."""

from orchestration.environments import Environment
from orchestration.layers import LAYERS, find_layer_module, load_settings_model
from shared.alarms import AlarmTable
from shared.configuration import validate_file
from shared.names import Names


def read_alarm_tables(environment: Environment) -> dict[str, AlarmTable]:
    """Return the table of each layer with an `alarms.py`, by layer name, for the environment's settings."""
    tables = {}
    for layer in LAYERS:
        module = find_layer_module(layer, "alarms")
        if module:
            settings = validate_file(load_settings_model(layer), environment.name, environment.root)
            names = Names(settings.name_suffix)
            tables[layer.name] = module.build_alarm_table(names, settings)
    return tables
