"""Reads the artifact of a model for tasks."""

from pathlib import Path

from functions.fraud.scoring.model import ArtifactError, FraudModel
from terminal.errors import UserError


def read_model(path: Path) -> FraudModel:
    """Read the artifact of a model. Raises UserError."""
    try:
        return FraudModel.from_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.", "Check the path.") from error
    except ArtifactError as error:
        raise UserError(f"{path}: {error}.") from error
