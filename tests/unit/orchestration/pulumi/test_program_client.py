from pathlib import Path

import pytest

from orchestration.pulumi.program_client import ProgramServer, ServedProgram
from orchestration.pulumi.program_server import run_program


def test_exception_of_a_served_program_has_its_location_and_traceback(tmp_path: Path) -> None:
    folder, failure = tmp_path / "stacks" / "data", tmp_path / "failure"
    folder.mkdir(parents=True)
    (folder / "__main__.py").write_text("name = None\nname.upper()\n")
    with pytest.raises(AttributeError):
        run_program(tmp_path, "data", failure)
    program = ServedProgram(folder, ProgramServer("127.0.0.1:1", failure))
    assert program.describe_error().startswith("stacks/data/__main__.py:2: AttributeError: ")
    assert program.format_traceback().startswith("Traceback (most recent call last):\n")
    assert f'File "{folder}/__main__.py", line 2' in program.format_traceback()


def test_served_program_without_an_exception_has_no_traceback(tmp_path: Path) -> None:
    program = ServedProgram(tmp_path, ProgramServer("127.0.0.1:1", tmp_path / "failure"))
    assert program.describe_error() == ""
    assert program.format_traceback() == ""
