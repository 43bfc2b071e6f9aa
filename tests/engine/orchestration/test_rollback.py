import os
import re
import signal
from importlib.metadata import requires
from pathlib import Path

import pytest
from pulumi.automation import EngineEvent

from orchestration.environments import ROOT
from orchestration.layers import Layer
from orchestration.pulumi.venv import REQUIREMENTS
from orchestration.status import history
from orchestration.status.history import Update
from terminal.errors import PartialFailureError, UserError
from tests.engine.orchestration.sample_repository import SampleRepository
from tests.engine.orchestration.sample_stacks import FIRST, SECOND, SampleStacks

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]

ANOTHER = 'another = pulumi.CustomResource("sample:index:Thing", "another", properties, options)'


@pytest.fixture
def samples(stacks: SampleStacks) -> SampleRepository:
    return SampleRepository.create(stacks)


def read_outputs(samples: SampleRepository) -> dict[str, object]:
    return dict(samples.stacks.engine().outputs(FIRST) or {})


def list_updates(samples: SampleRepository) -> list[Update]:
    return history.list_updates(samples.stacks.engine(), FIRST)


def test_rollback_deploys_code_and_settings_of_the_earlier_commit_and_can_be_rolled_back(
    samples: SampleRepository,
) -> None:
    show = 'pulumi.export("unused", pulumi.Config().require("unused2"))'
    first = samples.deploy(settings={"unused2": "old"}, code=show)
    second = samples.deploy(settings={"unused2": "new"}, code=f'{show}\n{ANOTHER}\npulumi.export("more", 1)')
    samples.rollback()
    assert read_outputs(samples) == {"thing": "thing", "unused": "old"}
    samples.rollback()
    assert read_outputs(samples) == {"thing": "thing", "unused": "new", "more": 1}
    assert [
        (update.version, update.commit, update.dirty, update.message.subject)
        for update in list_updates(samples)
    ] == [
        (4, second, False, f"rollback to 2 ({second[:7]})"),
        (3, first, False, f"rollback to 1 ({first[:7]})"),
        (2, second, False, "deploy first"),
        (1, first, False, "deploy first"),
    ]
    assert list_updates(samples)[0].message.by == "Bob"
    assert len(samples.questions) == 2
    assert samples.list_leftovers() == []
    assert not samples.git.is_dirty()


def test_modules_that_the_program_imports_are_those_of_the_earlier_commit(samples: SampleRepository) -> None:
    module = samples.git.root / "shared_things" / "__init__.py"
    module.parent.mkdir()
    module.write_text("VALUE = 'old'\n")
    # Programs import shared modules from the repository's root, which is on the path.
    show = """
import importlib.util, shared_things
pulumi.export("value", shared_things.VALUE)
pulumi.export("finds_tasks", bool(importlib.util.find_spec("orchestration")))
"""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(samples.git.root))
        samples.deploy(code=show)
        module.write_text("VALUE = 'newer'\n")
        samples.deploy(code=f"{show}\n{ANOTHER}")
        samples.rollback()
    assert read_outputs(samples)["value"] == "old"
    assert read_outputs(samples)["finds_tasks"] is False


def list_requirements(package: str) -> set[str]:
    """Return the package and its installed dependencies."""
    names, todo = set(), {package}
    while todo:
        name = todo.pop()
        names.add(name)
        lines = [line for line in requires(name) or [] if "extra ==" not in line]
        todo |= {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace("_", "-") for line in lines} - names
    return names


def read_pins(names: set[str]) -> str:
    """Return the lines of this repository's requirements for these packages."""
    blocks = (ROOT / REQUIREMENTS).read_text().replace("\\\n", " ").splitlines()
    return "\n".join(block for block in blocks if block.split("==")[0] in names) + "\n"


def test_earlier_program_runs_with_its_own_requirements(
    samples: SampleRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    requirements = samples.git.root / REQUIREMENTS
    requirements.parent.mkdir()
    requirements.write_text(read_pins(list_requirements("pulumi")))
    show = 'import importlib.util, sys\npulumi.export("has_boto", bool(importlib.util.find_spec("boto3")))'
    samples.deploy(code=show)
    requirements.write_text(read_pins({*list_requirements("pulumi"), "boto3"}))
    samples.deploy(code=f"{show}\n{ANOTHER}")
    assert read_outputs(samples)["has_boto"] is True
    samples.rollback()
    assert read_outputs(samples)["has_boto"] is False
    assert "different requirements" in capsys.readouterr().err
    assert samples.list_leftovers() == []


def test_rollback_changes_only_one_stack(samples: SampleRepository) -> None:
    samples.deploy()
    samples.deploy(SECOND)
    samples.deploy(code=ANOTHER)
    before = samples.stacks.engine().export_deployment(SECOND)
    samples.rollback()
    assert samples.stacks.engine().export_deployment(SECOND) == before


def test_rollback_that_would_delete_a_protected_resource_is_refused(samples: SampleRepository) -> None:
    samples.deploy(settings={"protect": True})
    samples.deploy(settings={"protect": True}, code=ANOTHER)
    with pytest.raises(UserError, match=r"another \(sample:index:Thing\)"):
        samples.rollback()
    assert len(list_updates(samples)) == 2
    assert samples.questions == []
    assert samples.list_leftovers() == []


def test_exception_of_an_earlier_program_has_its_location(samples: SampleRepository) -> None:
    flag = samples.git.root / ".cache" / "flag"
    flag.parent.mkdir()
    samples.deploy(code=f"import os\nif os.path.exists({str(flag)!r}):\n    raise ValueError('too late')")
    samples.deploy(code=ANOTHER)
    flag.touch()
    with pytest.raises(UserError, match=r"stacks/first/__main__.py:\d+: ValueError: too late"):
        samples.rollback()
    assert samples.list_leftovers() == []


def test_rollback_to_an_update_from_a_dirty_tree_is_refused(samples: SampleRepository) -> None:
    samples.deploy()
    samples.deploy(code='pulumi.export("dirty", 1)', commit=False)
    samples.deploy(code=ANOTHER)
    with pytest.raises(UserError, match=r"\b2\b.*first|first.*\b2\b"):
        samples.rollback()
    samples.rollback(to=1)
    assert read_outputs(samples) == {"thing": "thing"}


def write_thing_code(flag: Path, properties: str) -> str:
    """Return code for a resource that has these properties once the file `flag` exists."""
    defaults = "{'waits_for': '', 'fails': ''}"
    return (
        "import os\n"
        f"old = {{**{defaults}, **({properties} if os.path.exists({str(flag)!r}) else {{}})}}\n"
        'pulumi.CustomResource("sample:index:Thing", "old", old, options)'
    )


def test_failed_rollback_is_a_partial_failure_without_leftovers(samples: SampleRepository) -> None:
    flag = samples.git.root / ".cache" / "flag"
    samples.deploy(code=write_thing_code(flag, "{'fails': 'out of things'}"))
    samples.deploy()
    flag.parent.mkdir(exist_ok=True)
    flag.touch()
    with pytest.raises(PartialFailureError, match=r"first: old \(sample:index:Thing\): .*out of things"):
        samples.rollback()
    assert list_updates(samples)[0].result == "failed"
    assert samples.list_leftovers() == []


def test_ctrl_c_lets_the_engine_finish_and_leaves_no_leftovers(samples: SampleRepository) -> None:
    flag, gate = samples.git.root / ".cache" / "flag", samples.git.root / ".cache" / "gate"
    samples.deploy(code=write_thing_code(flag, f"{{'waits_for': {str(gate)!r}}}"))
    samples.deploy()
    flag.parent.mkdir(exist_ok=True)
    flag.touch()

    def press(_: Layer, event: EngineEvent) -> None:
        started = event.resource_pre_event
        if (
            samples.questions
            and started
            and started.metadata.type == "sample:index:Thing"
            and not gate.exists()
        ):
            os.kill(os.getpid(), signal.SIGINT)
            gate.touch()

    samples.on_event = press
    with pytest.raises(KeyboardInterrupt):
        samples.rollback()
    assert samples.list_leftovers() == []
    assert not samples.stacks.state.has_pending_operations()
