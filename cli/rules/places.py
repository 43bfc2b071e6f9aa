"""Which file of rules a task is about."""

import os
from pathlib import Path

from orchestration import environments
from shared.configuration import SettingsError, validate_file
from stacks.processing.settings import ProcessingSettings
from terminal.errors import UserError


def rules_file(file: str, env: str) -> Path:
    """The file that was named, else that of the environment's settings. Raises UserError."""
    if file:
        return Path(file)
    environment = environments.find(env)
    try:
        settings = validate_file(ProcessingSettings, environment.name, environment.root)
    except SettingsError as error:
        raise UserError(f"{error}.") from error
    path = environment.stack_folder("processing") / settings.rules_file
    # As short as it can be, since it stands before each fault.
    return Path(os.path.relpath(path))
