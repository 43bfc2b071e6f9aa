"""The rules file and the model of a task, on the command line or in the settings of an environment."""

import os
from collections.abc import Callable
from pathlib import Path

from orchestration.environments import find_environment
from shared.configuration import SettingsError, validate_file
from stacks.processing.settings import ProcessingSettings
from terminal.errors import UserError


def find_rules_file(file: str, env: str) -> Path:
    """`file`, or if it is empty, the setting `rulesFile` of the environment. Raises UserError."""
    return Path(file) if file else _find_setting(env, lambda settings: settings.rules_file)


def find_model_file(env: str) -> Path | None:
    """The setting `modelFile` of the environment; None if it is empty. Raises UserError."""
    path = _find_setting(env, lambda settings: settings.model_file or "-")
    return None if path.name == "-" else path


def _find_setting(env: str, choose: Callable[[ProcessingSettings], str]) -> Path:
    environment = find_environment(env)
    try:
        settings = validate_file(ProcessingSettings, environment.name, environment.root)
    except SettingsError as error:
        raise UserError(f"{error}.") from error
    path = environment.stack_folder("processing") / choose(settings)
    # A relative path keeps messages short: each fault begins with it.
    return Path(os.path.relpath(path))
