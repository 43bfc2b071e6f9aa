"""The rules file of a task: the file on the command line, or the file in the settings of an environment."""

import os
from pathlib import Path

from orchestration.environments import find_environment
from shared.configuration import SettingsError, validate_file
from stacks.processing.settings import ProcessingSettings
from terminal.errors import UserError


def find_rules_file(file: str, env: str) -> Path:
    """`file`, or if it is empty, the setting `rulesFile` of the environment. Raises UserError."""
    if file:
        return Path(file)
    environment = find_environment(env)
    try:
        settings = validate_file(ProcessingSettings, environment.name, environment.root)
    except SettingsError as error:
        raise UserError(f"{error}.") from error
    path = environment.stack_folder("processing") / settings.rules_file
    # A relative path keeps messages short: each fault begins with it.
    return Path(os.path.relpath(path))
