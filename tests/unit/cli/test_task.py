import errno
import os
import signal
import subprocess
import sys

import pytest
from invoke.context import Context

from cli.task import run_to_exit_status, task
from local.errors import LocalError
from orchestration.environments import ENVIRONMENT_NAMES, ROOT
from terminal.errors import PartialFailureError, UserError


@pytest.fixture(autouse=True)
def _restore_signal_handlers() -> object:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run_raising(error: BaseException) -> int:
    def body() -> int:
        raise error

    return run_to_exit_status(body)


def run_invoke(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "invoke", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [("--help", "train"), ("--list",), ("groups",)])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_whose_reader_has_ended_is_no_error(arguments: tuple[str, ...], unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "invoke", *arguments],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        check=False,
    )
    os.close(writer)
    assert process.stderr == b""


def test_user_error_is_one_line_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_raising(UserError("No [layer] there.", "Try data.")) == 1
    assert capsys.readouterr().err == "error: No [layer] there. Try data.\n"


@pytest.mark.parametrize(("verbose", "printed"), [(False, ""), (True, "Traceback …\n")])
def test_details_of_an_error_are_printed_if_verbose(
    verbose: bool, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @task()
    def fail(_: Context, verbose: bool = False) -> None:
        raise UserError("It failed.", details="Traceback …\n")

    with pytest.raises(SystemExit):
        fail.body(Context(), verbose=verbose)
    assert capsys.readouterr().err == f"{printed}error: It failed.\n"


def test_partial_failure_has_status_3() -> None:
    assert run_raising(PartialFailureError("Not deployed: data.")) == 3


def test_error_of_the_embedded_aws_is_one_line_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_raising(LocalError("port 4566 is busy")) == 1
    assert capsys.readouterr().err == "error: port 4566 is busy\n"


def test_full_disk_is_one_line_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_ctrl_c_prints_nothing_and_has_status_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_raising(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == ""


def test_status_of_the_body_is_returned() -> None:
    assert run_to_exit_status(lambda: 3) == 3
    assert run_to_exit_status(lambda: None) == 0


def test_sigterm_ends_a_task_like_ctrl_c() -> None:
    assert run_to_exit_status(lambda: signal.raise_signal(signal.SIGTERM)) == 130


def test_bug_has_a_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run_to_exit_status(lambda: 1 // 0)


def test_task_prints_a_user_error_without_traceback() -> None:
    process = run_invoke("deploy", "--env", "nowhere")
    assert process.returncode == 1
    assert process.stderr.startswith("error: ")
    assert process.stderr.count("\n") == 1
    assert all(word in process.stderr for word in ("nowhere", *ENVIRONMENT_NAMES))


@pytest.mark.parametrize("option", ["--count=abc", "--count=-1", "--rate=fast", "--rate=0"])
def test_invalid_number_is_an_error_without_traceback(option: str) -> None:
    process = run_invoke("demo", option)
    assert process.returncode == 1
    name, _, value = option.partition("=")
    assert process.stderr.startswith(f"error: {name}: '{value}'")
    assert process.stderr.count("\n") == 1


def test_ignored_hang_up_is_still_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run_to_exit_status(lambda: signal.raise_signal(signal.SIGHUP)) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
