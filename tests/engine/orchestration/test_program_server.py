import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.environments import ROOT
from orchestration.layers import Layer
from orchestration.pulumi.program_client import serve_program
from orchestration.pulumi.venv import REQUIREMENTS, find_pinned_version, prepare_interpreter
from terminal.errors import UserError
from tests.waiting import wait_for

LAYER = Layer("thing", "sample-thing")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the program of one layer."""
    program = tmp_path / "tree" / "stacks" / "thing" / "__main__.py"
    program.parent.mkdir(parents=True)
    program.write_text("import pulumi\n")
    return tmp_path / "tree"


def accepts_connections(address: str) -> bool:
    name, port = address.split(":")
    try:
        socket.create_connection((name, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def test_server_exits_with_the_process_that_started_it(tree: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path;"
        "from orchestration.pulumi.program_client import serve_program;"
        "from orchestration.layers import Layer; tree = Path(sys.argv[1]);"
        "context = serve_program(Layer('thing', 'x'), tree, python=Path(sys.executable), scratch=tree);"
        "print(context.__enter__().address, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tree)], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True
    )
    assert killed.returncode == -signal.SIGKILL
    wait_for(lambda: not accepts_connections(killed.stdout.strip()), what="the end of the server")


def test_server_exits_with_its_context(tree: Path) -> None:
    with serve_program(LAYER, tree, python=Path(sys.executable), scratch=tree) as server:
        assert accepts_connections(server.address)
    assert not accepts_connections(server.address)


def test_interpreter_without_the_sdk_is_an_error_with_the_missing_module(tree: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    with (
        pytest.raises(UserError, match=r"^thing: .*No module named"),
        serve_program(LAYER, tree, python=bare / "bin" / "python", scratch=tree),
    ):
        pass


def test_same_requirements_need_no_other_interpreter(tree: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    for root, comment in ((clone, "# by pip-compile"), (tree, "# by hand")):
        (root / REQUIREMENTS).parent.mkdir(parents=True)
        (root / REQUIREMENTS).write_text(f"pulumi-aws==7.51.1 \\\n    --hash=sha256:1\n    {comment}\n")
    assert prepare_interpreter(clone, tree, "1a2b3c4", tmp_path) == Path(sys.executable)
    assert find_pinned_version("pulumi-aws", tree) == "7.51.1"
    assert find_pinned_version("pulumi", tree) is None


def test_requirements_that_cannot_be_installed_name_the_commit(tree: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    for root, pins in ((clone, ""), (tree, "pulumi==3.250.0 --hash=sha256:1\n")):
        (root / REQUIREMENTS).parent.mkdir(parents=True)
        (root / REQUIREMENTS).write_text(pins)
    with pytest.raises(UserError, match=r"1a2b3c4.*Nothing was changed"):
        prepare_interpreter(clone, tree, "1a2b3c4", tmp_path)
