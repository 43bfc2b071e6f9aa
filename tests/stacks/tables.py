"""The alarm tables of every layer with an environment's settings, as a tool outside Pulumi reads them."""

from collections.abc import Callable
from typing import Any

from shared.alarms import Alarm, CompositeAlarm
from shared.configuration import validate_file
from shared.names import Names
from stacks.data import alarms as data
from stacks.data.settings import DataSettings
from stacks.edge import alarms as edge
from stacks.edge.settings import EdgeSettings
from stacks.processing import alarms as processing
from stacks.processing.settings import ProcessingSettings

_TABLES: dict[str, tuple[Any, Any]] = {
    "data": (data, DataSettings),
    "processing": (processing, ProcessingSettings),
    "edge": (edge, EdgeSettings),
}


def read_alarms(environment: str = "prod") -> dict[str, tuple[Alarm, ...]]:
    """The metric alarms by layer."""
    return _read(environment, lambda table, names, settings: table.alarms(names, settings))


def read_composites(environment: str = "prod") -> dict[str, tuple[CompositeAlarm, ...]]:
    """The composite alarms by layer."""
    return _read(environment, lambda table, names, _: table.composites(names))


def _read(environment: str, read: Callable[[Any, Names, Any], Any]) -> dict[str, Any]:
    result = {}
    for layer, (table, model) in _TABLES.items():
        settings = validate_file(model, environment)
        result[layer] = read(table, Names(settings.name_suffix), settings)
    return result
