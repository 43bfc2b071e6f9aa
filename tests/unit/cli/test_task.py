import signal
import subprocess
import sys

import pytest

from cli.task import exit_status
from local.errors import LocalError
from orchestration.environments import ROOT
from terminal.errors import UserError


@pytest.fixture(autouse=True)
def _signals_as_before() -> object:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def raising(error: BaseException) -> int:
    def act() -> int:
        raise error

    return exit_status(act)


def test_an_error_for_the_user_is_one_line_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(UserError("No [layer] there.", "Try data.")) == 1
    assert capsys.readouterr().err == "error: No [layer] there. Try data.\n"


def test_an_error_of_the_embedded_aws_is_one_line_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(LocalError("port 4566 is busy")) == 1
    assert capsys.readouterr().err == "error: port 4566 is busy\n"


def test_ctrl_c_is_status_130_and_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == ""


def test_the_bodys_own_status_is_kept() -> None:
    assert exit_status(lambda: 3) == 3
    assert exit_status(lambda: None) == 0


def test_being_ended_politely_is_like_ctrl_c() -> None:
    assert exit_status(lambda: signal.raise_signal(signal.SIGTERM)) == 130


def test_a_mistake_in_the_code_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_status(lambda: 1 // 0)


def test_a_task_says_a_users_error_without_a_traceback() -> None:
    task = subprocess.run(
        [sys.executable, "-m", "invoke", "deploy", "--env", "nowhere"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert task.returncode == 1
    assert task.stderr == (
        "error: There is no environment 'nowhere'. Environments are: local, dev, staging, prod.\n"
    )


@pytest.mark.parametrize("option", ["--count=abc", "--count=-1", "--rate=fast", "--rate=0"])
def test_an_option_that_is_no_such_number_is_said_without_a_traceback(option: str) -> None:
    task = subprocess.run(
        [sys.executable, "-m", "invoke", "demo", option],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert task.returncode == 1
    assert task.stderr.startswith(f"error: '{option.partition('=')[2]}' is no ")
    assert task.stderr.count("\n") == 1


def test_a_hang_up_that_is_to_be_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert exit_status(lambda: signal.raise_signal(signal.SIGHUP)) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
