"""The model that transactions are scored by: an artifact of `invoke train`, into the fraud function's zip."""

from collections.abc import Mapping
from pathlib import Path

from functions.fraud.model import ArtifactError, Model

PACKAGED_AS = "functions/fraud/model.json"


def packaged_model(file: Path, packaged_as: str = PACKAGED_AS) -> Mapping[str, bytes]:
    """The artifact by its path in the zip.

    Raises ArtifactError with the file and why it cannot be used, such as features of another version: it is
    refused before anything is deployed, not at the first transaction.
    """
    try:
        artifact = file.read_bytes()
        Model.from_json(artifact)
    except FileNotFoundError:
        raise ArtifactError(f"{file.name}: there is no such file in stacks/processing") from None
    except ArtifactError as error:
        raise ArtifactError(f"{file.name}: {error}") from error
    return {packaged_as: artifact}
