from pathlib import Path

import pytest

from orchestration import engines
from orchestration.environments import ROOT, Environment
from orchestration.layers import LAYERS, find
from terminal.errors import UserError


def processing_with(root: Path, settings: str) -> Environment:
    """A tree in which the layer processing has the rules of this one, and such settings."""
    folder = root / "stacks" / "processing"
    folder.mkdir(parents=True)
    (folder / "rules.yaml").write_bytes((ROOT / "stacks/processing/rules.yaml").read_bytes())
    text = "config:\n  aws:region: us-east-1\n" + settings.replace("~", "  fraud-processing:")
    (folder / "Pulumi.local.yaml").write_text(text)
    return Environment("local", root)


def test_the_files_of_this_tree_can_be_used() -> None:
    engines.check_files(Environment("local", ROOT), LAYERS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("~modelFile: lost.json\n", "stacks/processing: lost.json: there is no such file"),
        ("~modelFile: bad.json\n", "stacks/processing: bad.json: this is no model's artifact"),
        ("~rulesFile: lost.yaml\n", "stacks/processing: lost.yaml: "),
        ("~candidateRulesFile: lost.yaml\n", "stacks/processing: lost.yaml: "),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, settings: str, said: str) -> None:
    environment = processing_with(tmp_path, settings)
    (environment.stack_folder("processing") / "bad.json").write_text("{}")
    with pytest.raises(UserError) as caught:
        engines.check_files(environment, [find("processing")])
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
