import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.environments import ROOT
from orchestration.layers import Layer
from orchestration.pulumi.program_client import hosted
from orchestration.pulumi.venv import REQUIREMENTS, interpreter, version_of
from terminal.errors import UserError
from tests.waiting import wait_for

LAYER = Layer("thing", "toy-thing")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the program of one layer."""
    program = tmp_path / "tree" / "stacks" / "thing" / "__main__.py"
    program.parent.mkdir(parents=True)
    program.write_text("import pulumi\n")
    return tmp_path / "tree"


def serves(address: str) -> bool:
    """Whether somebody listens there."""
    name, port = address.split(":")
    try:
        socket.create_connection((name, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_host_ends_with_whoever_started_it(tree: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from orchestration.pulumi.program_client import hosted;"
        "from orchestration.layers import Layer; tree = Path(sys.argv[1]);"
        "context = hosted(Layer('thing', 'x'), tree, python=Path(sys.executable), scratch=tree);"
        "print(context.__enter__().address, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tree)], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True
    )
    assert killed.returncode == -signal.SIGKILL
    wait_for(lambda: not serves(killed.stdout.strip()), what="the host to end")


def test_a_host_ends_with_its_context(tree: Path) -> None:
    with hosted(LAYER, tree, python=Path(sys.executable), scratch=tree) as host:
        assert serves(host.address)
    assert not serves(host.address)


def test_an_interpreter_without_the_sdk_says_why(tree: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    with (
        pytest.raises(UserError, match=r"thing: the program of that commit cannot be run: .*No module named"),
        hosted(LAYER, tree, python=bare / "bin" / "python", scratch=tree),
    ):
        pass


def test_the_same_requirements_need_no_other_interpreter(tree: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    for root, comment in ((here, "# by pip-compile"), (tree, "# by hand")):
        (root / REQUIREMENTS).parent.mkdir(parents=True)
        (root / REQUIREMENTS).write_text(f"pulumi-aws==7.51.1 \\\n    --hash=sha256:1\n    {comment}\n")
    assert interpreter(here, tree, "1a2b3c4", tmp_path) == Path(sys.executable)
    assert version_of("pulumi-aws", tree) == "7.51.1"
    assert version_of("pulumi", tree) is None


def test_requirements_that_cannot_be_installed_are_one_line(tree: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    for root, pins in ((here, ""), (tree, "pulumi==3.250.0 --hash=sha256:1\n")):
        (root / REQUIREMENTS).parent.mkdir(parents=True)
        (root / REQUIREMENTS).write_text(pins)
    with pytest.raises(
        UserError, match=r"requirements of 1a2b3c4 cannot be installed: .*Nothing was changed"
    ):
        interpreter(here, tree, "1a2b3c4", tmp_path)
