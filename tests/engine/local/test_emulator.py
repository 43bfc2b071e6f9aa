"""The life of the daemon: start, stop, kill, reset, ports and several emulators."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from local.emulator import Emulator
from local.endpoint import PORT_VARIABLE
from local.errors import LocalError
from local.state_marker import StateMarker
from tests.engine.local.emulator_fixtures import EmulatorFixtures
from tests.waiting import wait_for

ENDLESS_CODE = """
import os, time, boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["CALLS"], MessageBody="{}")
    time.sleep(600)
"""


@pytest.fixture
def own_aws(tmp_path: Path) -> Iterator[EmbeddedAws]:
    """An emulator that the test can stop and kill."""
    with embedded_aws(tmp_path / ".local") as running:
        yield running


def list_processes(root: Path) -> list[str]:
    """The command lines of an emulator's daemon and functions."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "command="], check=True, capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if str(root) in line]


def invoke_endless(fixtures: EmulatorFixtures) -> None:
    """Invoke a function that does not end."""
    calls = fixtures.create_queue()
    function = fixtures.create_function(calls, code=ENDLESS_CODE)
    fixtures.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    calls.receive(1)
    assert len(list_processes(fixtures.aws.root)) == 2


def test_stop_ends_all_processes_and_deletes_temporary_files(own_aws: EmbeddedAws) -> None:
    invoke_endless(EmulatorFixtures(own_aws))
    own_aws.emulator.stop()
    assert list_processes(own_aws.root) == []
    assert own_aws.emulator.status() is None
    assert not own_aws.emulator.layout.temporary.exists()


def test_functions_of_a_killed_daemon_end_and_the_daemon_starts_again(own_aws: EmbeddedAws) -> None:
    invoke_endless(EmulatorFixtures(own_aws))
    os.kill(own_aws.endpoint.pid, signal.SIGKILL)
    wait_for(lambda: list_processes(own_aws.root) == [], what="the end of the functions")
    assert own_aws.emulator.status() is None
    restarted = EmbeddedAws(own_aws.emulator, own_aws.emulator.start())
    assert restarted.endpoint.port == own_aws.endpoint.port
    assert restarted.client("lambda").list_functions()["Functions"] == []


def test_second_start_returns_the_running_emulator(own_aws: EmbeddedAws) -> None:
    assert Emulator(own_aws.root).start() == own_aws.endpoint


def test_two_emulators_run_at_the_same_time_with_separate_users(
    own_aws: EmbeddedAws, aws: EmbeddedAws
) -> None:
    assert own_aws.port != aws.port
    mixed = EmbeddedAws(
        own_aws.emulator, type(own_aws.endpoint)(**{**vars(own_aws.endpoint), "port": aws.port})
    )
    with pytest.raises(Exception, match="security token"):
        mixed.client("sts").get_caller_identity()


def test_port_in_use_is_rejected(tmp_path: Path) -> None:
    with socket.socket() as other_socket:
        other_socket.bind(("127.0.0.1", 0))
        other_socket.listen()
        port = other_socket.getsockname()[1]
        with pytest.raises(LocalError, match=f"{port}.*--port.*{PORT_VARIABLE}"):
            Emulator(tmp_path / ".local").start(port)
    assert list_processes(tmp_path) == []


def test_other_port_than_that_of_the_running_emulator_is_rejected(own_aws: EmbeddedAws) -> None:
    with pytest.raises(LocalError, match=rf"{own_aws.port}.*local\.down"):
        own_aws.emulator.start(1)


def test_failed_start_shows_the_log_and_ends_all_processes(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path / ".local")
    emulator.layout.aws_state.mkdir(parents=True)
    emulator.layout.runtime.write_text("in the way")
    with pytest.raises(LocalError, match=r"FileExistsError"):
        emulator.start(0)
    assert list_processes(tmp_path) == []


def test_interrupted_start_ends_all_processes(tmp_path: Path) -> None:
    program = "import pathlib, sys, local.emulator as e; e.Emulator(pathlib.Path(sys.argv[1])).start(0)"
    started = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / ".local")],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(lambda: any("local.daemon" in line for line in list_processes(tmp_path)), what="the daemon")
    os.killpg(started.pid, signal.SIGINT)
    if started.wait(timeout=15) == 0:
        # The emulator was ready before the signal, so it runs.
        Emulator(tmp_path / ".local").stop()
    wait_for(lambda: list_processes(tmp_path) == [], what="the end of the daemon")


def test_emulator_of_a_killed_test_run_ends(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time, local.embedded as e\n"
        "with e.embedded_aws(pathlib.Path(sys.argv[1])): print('up', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / ".local")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        run.kill()
    wait_for(lambda: list_processes(tmp_path) == [], what="the end of the daemon")


def test_daemon_has_its_own_session_and_ignores_ctrl_c_in_the_terminal(own_aws: EmbeddedAws) -> None:
    assert os.getpgid(own_aws.endpoint.pid) == own_aws.endpoint.pid
    assert os.getsid(own_aws.endpoint.pid) == own_aws.endpoint.pid


def test_functions_do_not_inherit_the_users_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    with embedded_aws(tmp_path / ".local") as running:
        code = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
        fixtures = EmulatorFixtures(running)
        function = fixtures.create_function(fixtures.create_queue(), code=code)
        response = fixtures.client("lambda").invoke(FunctionName=function, Payload=b"{}")
        variables = json.loads(response["Payload"].read())
    assert not {"AWS_PROFILE", "HTTPS_PROXY"} & variables.keys()


def test_reset_deletes_all_state_and_the_emulator_continues_to_run(own_aws: EmbeddedAws) -> None:
    EmulatorFixtures(own_aws).create_table()
    own_aws.emulator.layout.mailbox.mkdir()
    own_aws.emulator.reset()
    assert own_aws.emulator.status() is not None
    assert own_aws.client("dynamodb").list_tables()["TableNames"] == []
    assert not own_aws.emulator.layout.mailbox.exists()


def test_marker_matches_after_a_clean_stop_and_not_after_a_kill(own_aws: EmbeddedAws) -> None:
    emulator = own_aws.emulator
    assert StateMarker(own_aws.root, own_aws.endpoint).matches()
    StateMarker(own_aws.root, own_aws.endpoint).renew()
    emulator.stop()
    restarted = emulator.start()
    assert StateMarker(own_aws.root, restarted).matches()
    StateMarker(own_aws.root, restarted).renew()
    os.kill(restarted.pid, signal.SIGKILL)
    assert not StateMarker(own_aws.root, emulator.start()).matches()


def test_marker_does_not_match_on_another_port(own_aws: EmbeddedAws) -> None:
    StateMarker(own_aws.root, own_aws.endpoint).renew()
    own_aws.emulator.stop()
    assert not StateMarker(own_aws.root, own_aws.emulator.start(0)).matches()


def test_marker_does_not_match_without_pulumis_state(own_aws: EmbeddedAws) -> None:
    marker = StateMarker(own_aws.root, own_aws.endpoint)
    marker.renew()
    own_aws.emulator.layout.marker.unlink()
    assert not marker.matches()
