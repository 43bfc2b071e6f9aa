"""The CI workflows and CODEOWNERS, made from the list of layers.

They are written to the repository, because GitHub reads them there; a test compares them with what is made.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.ci import checks, deployment
from orchestration.ci.codeowners import codeowners
from orchestration.ci.text import as_yaml
from orchestration.environments import ROOT
from orchestration.layers import LAYERS, Layer, in_order
from terminal.output import say

WORKFLOWS = Path(".github") / "workflows"


def files(layers: Sequence[Layer] = LAYERS) -> Mapping[Path, str]:
    """What each file has to hold, by its path from the repository's root."""
    layers = in_order(layers)
    workflows = {
        "check.yml": checks.check(),
        "preview.yml": checks.preview(layers),
        "drift.yml": checks.drift(),
        "deploy.yml": deployment.deploy(),
        deployment.ENVIRONMENT_WORKFLOW: deployment.deploy_environment(layers),
        "rollback.yml": deployment.rollback(layers),
    }
    texts = {WORKFLOWS / name: as_yaml(workflow) for name, workflow in workflows.items()}
    return {**texts, Path("CODEOWNERS"): codeowners(layers)}


def stale(root: Path = ROOT, layers: Sequence[Layer] = LAYERS) -> tuple[Path, ...]:
    """The files that do not hold what they have to."""
    return tuple(path for path, text in files(layers).items() if not _holds(root / path, text))


def write(root: Path = ROOT) -> None:
    """Bring the files up to date and say which ones were not."""
    outdated = stale(root)
    for path in outdated:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(files()[path], encoding="utf-8")
        say(f"{path} is made anew.")
    if not outdated:
        say("The workflows and CODEOWNERS are up to date.")


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
