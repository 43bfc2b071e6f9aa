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
from terminal.errors import PartlyDoneError, UserError
from tests.engine.orchestration.toy_repository import ToyRepository
from tests.engine.orchestration.toy_stacks import FIRST, SECOND, ToyStacks

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("swept")]

ANOTHER = 'another = pulumi.CustomResource("toy:index:Thing", "another", properties, options)'


@pytest.fixture
def toys(stacks: ToyStacks) -> ToyRepository:
    return ToyRepository.make(stacks)


def outputs(toys: ToyRepository) -> dict[str, object]:
    return dict(toys.stacks.engine().outputs(FIRST) or {})


def updates(toys: ToyRepository) -> list[Update]:
    return history.updates(toys.stacks.engine(), FIRST)


def test_the_code_and_settings_of_the_earlier_commit_come_back_and_go_again(toys: ToyRepository) -> None:
    show = 'pulumi.export("unused", pulumi.Config().require("unused2"))'
    first = toys.deploy(settings={"unused2": "old"}, code=show)
    second = toys.deploy(settings={"unused2": "new"}, code=f'{show}\n{ANOTHER}\npulumi.export("more", 1)')
    toys.rollback()
    assert outputs(toys) == {"thing": "thing", "unused": "old"}
    toys.rollback()
    assert outputs(toys) == {"thing": "thing", "unused": "new", "more": 1}
    assert [(one.version, one.commit, one.dirty, one.message.subject) for one in updates(toys)] == [
        (4, second, False, f"rollback to 2 ({second[:7]})"),
        (3, first, False, f"rollback to 1 ({first[:7]})"),
        (2, second, False, "deploy first"),
        (1, first, False, "deploy first"),
    ]
    assert updates(toys)[0].message.by == "Bob"
    assert toys.asked == ["Roll first in 'local' back to this?"] * 2
    assert toys.left_behind() == []
    assert not toys.git.is_dirty()


def test_the_modules_beside_the_program_are_the_earlier_ones_too(toys: ToyRepository) -> None:
    module = toys.git.root / "shared_things" / "__init__.py"
    module.parent.mkdir()
    module.write_text("VALUE = 'old'\n")
    # As programs find what stacks share: the repository's root is on the path.
    show = """
import importlib.util, shared_things
pulumi.export("value", shared_things.VALUE)
pulumi.export("sees_the_tasks", bool(importlib.util.find_spec("orchestration")))
"""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(toys.git.root))
        toys.deploy(code=show)
        module.write_text("VALUE = 'newer'\n")
        toys.deploy(code=f"{show}\n{ANOTHER}")
        toys.rollback()
    assert outputs(toys)["value"] == "old"
    assert outputs(toys)["sees_the_tasks"] is False


def needed(package: str) -> set[str]:
    """The package and all that it requires, as they are installed here."""
    found, todo = set(), {package}
    while todo:
        name = todo.pop()
        found.add(name)
        plain = [one for one in requires(name) or [] if "extra ==" not in one]
        todo |= {re.split(r"[^A-Za-z0-9._-]", one)[0].lower().replace("_", "-") for one in plain} - found
    return found


def pins(names: set[str]) -> str:
    """The lines of our own requirements for these packages."""
    blocks = (ROOT / REQUIREMENTS).read_text().replace("\\\n", " ").splitlines()
    return "\n".join(block for block in blocks if block.split("==")[0] in names) + "\n"


def test_an_earlier_program_runs_with_its_own_requirements(
    toys: ToyRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    requirements = toys.git.root / REQUIREMENTS
    requirements.parent.mkdir()
    requirements.write_text(pins(needed("pulumi")))
    show = 'import importlib.util, sys\npulumi.export("has_boto", bool(importlib.util.find_spec("boto3")))'
    toys.deploy(code=show)
    requirements.write_text(pins({*needed("pulumi"), "boto3"}))
    toys.deploy(code=f"{show}\n{ANOTHER}")
    assert outputs(toys)["has_boto"] is True
    toys.rollback()
    assert outputs(toys)["has_boto"] is False
    assert "has other requirements: installing them beside" in capsys.readouterr().err
    assert toys.left_behind() == []


def test_only_the_one_stack_is_touched(toys: ToyRepository) -> None:
    toys.deploy()
    toys.deploy(SECOND)
    toys.deploy(code=ANOTHER)
    before = toys.stacks.engine().exported(SECOND)
    toys.rollback()
    assert toys.stacks.engine().exported(SECOND) == before


def test_what_is_protected_is_not_deleted(toys: ToyRepository) -> None:
    toys.deploy(settings={"protect": True})
    toys.deploy(settings={"protect": True}, code=ANOTHER)
    with pytest.raises(UserError, match=r"Version 1 .* another \(toy:index:Thing\) would be .* is protected"):
        toys.rollback()
    assert len(updates(toys)) == 2
    assert toys.asked == []
    assert toys.left_behind() == []


def test_an_earlier_program_that_fails_is_named_with_its_line(toys: ToyRepository) -> None:
    flag = toys.git.root / ".cache" / "flag"
    flag.parent.mkdir()
    toys.deploy(code=f"import os\nif os.path.exists({str(flag)!r}):\n    raise ValueError('too late')")
    toys.deploy(code=ANOTHER)
    flag.touch()
    with pytest.raises(UserError, match=r"Version 1 .* stacks/first/__main__.py:\d+: ValueError: too late"):
        toys.rollback()
    assert toys.left_behind() == []


def test_a_dirty_update_cannot_come_back(toys: ToyRepository) -> None:
    toys.deploy()
    toys.deploy(code='pulumi.export("dirty", 1)', commit=False)
    toys.deploy(code=ANOTHER)
    with pytest.raises(UserError, match="Version 2 of first was deployed from a dirty tree"):
        toys.rollback()
    toys.rollback(to=1)
    assert outputs(toys) == {"thing": "thing"}


def old_thing(flag: Path, properties: str) -> str:
    """Code of a thing that has these properties once there is the flag."""
    plain = "{'waits_for': '', 'fails': ''}"
    return (
        "import os\n"
        f"old = {{**{plain}, **({properties} if os.path.exists({str(flag)!r}) else {{}})}}\n"
        'pulumi.CustomResource("toy:index:Thing", "old", old, options)'
    )


def test_a_rollback_that_fails_on_the_way_says_so_and_leaves_nothing_behind(toys: ToyRepository) -> None:
    flag = toys.git.root / ".cache" / "flag"
    toys.deploy(code=old_thing(flag, "{'fails': 'out of things'}"))
    toys.deploy()
    flag.parent.mkdir(exist_ok=True)
    flag.touch()
    with pytest.raises(PartlyDoneError, match=r"first: old \(toy:index:Thing\): .*out of things"):
        toys.rollback()
    assert updates(toys)[0].result == "failed"
    assert toys.left_behind() == []


def test_ctrl_c_lets_the_engine_finish_and_leaves_nothing_behind(toys: ToyRepository) -> None:
    flag, gate = toys.git.root / ".cache" / "flag", toys.git.root / ".cache" / "gate"
    toys.deploy(code=old_thing(flag, f"{{'waits_for': {str(gate)!r}}}"))
    toys.deploy()
    flag.parent.mkdir(exist_ok=True)
    flag.touch()

    def press(_: Layer, event: EngineEvent) -> None:
        begun = event.resource_pre_event
        if toys.asked and begun and begun.metadata.type == "toy:index:Thing" and not gate.exists():
            os.kill(os.getpid(), signal.SIGINT)
            gate.touch()

    toys.on_event = press
    with pytest.raises(KeyboardInterrupt):
        toys.rollback()
    assert toys.left_behind() == []
    assert not toys.stacks.state.has_pending_operations()
