"""The daemon: found, stopped without a trace, killed and started again, beside another, on a port."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import ports
from local.embedded import EmbeddedAws, embedded_aws
from local.emulator import Emulator
from local.errors import LocalError
from local.marker import Marker
from tests.engine.local.world import World
from tests.waiting import wait_for

ENDLESS = """
import os, time, boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["CALLS"], MessageBody="{}")
    time.sleep(600)
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedAws]:
    """An emulator that the test may stop and kill."""
    with embedded_aws(tmp_path / ".local") as running:
        yield running


def processes(root: Path) -> list[str]:
    """The command lines of the processes that belong to an emulator: its daemon and its functions."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "command="], check=True, capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if str(root) in line]


def invoke_endless(world: World) -> None:
    """Have a function's process under way that does not end by itself."""
    calls = world.queue()
    function = world.function(calls, code=ENDLESS)
    world.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    calls.receive(1)
    assert len(processes(world.aws.root)) == 2


def test_stop_leaves_no_process_and_no_temporary_file(own: EmbeddedAws) -> None:
    invoke_endless(World(own))
    own.emulator.stop()
    assert processes(own.root) == []
    assert own.emulator.status() is None
    assert not own.emulator.layout.temporary.exists()


def test_killed_daemon_takes_its_functions_along_and_starts_again(own: EmbeddedAws) -> None:
    invoke_endless(World(own))
    os.kill(own.endpoint.pid, signal.SIGKILL)
    wait_for(lambda: processes(own.root) == [], what="the end of the functions")
    assert own.emulator.status() is None
    again = EmbeddedAws(own.emulator, own.emulator.start())
    assert again.endpoint.port == own.endpoint.port
    assert again.client("lambda").list_functions()["Functions"] == []


def test_second_start_finds_the_running_one(own: EmbeddedAws) -> None:
    assert Emulator(own.root).start() == own.endpoint


def test_two_emulators_run_side_by_side_and_know_only_their_own_users(
    own: EmbeddedAws, aws: EmbeddedAws
) -> None:
    assert own.port != aws.port
    mixed = EmbeddedAws(own.emulator, type(own.endpoint)(**{**vars(own.endpoint), "port": aws.port}))
    with pytest.raises(Exception, match="security token"):
        mixed.client("sts").get_caller_identity()


def test_busy_port_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match=f"port {port} is in use.*--port or {ports.VARIABLE}"):
            Emulator(tmp_path / ".local").start(port)
    assert processes(tmp_path) == []


def test_another_port_than_the_running_ones_is_refused(own: EmbeddedAws) -> None:
    with pytest.raises(LocalError, match=r"runs on port \d+ already; .*local.down"):
        own.emulator.start(1)


def test_start_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path / ".local")
    emulator.layout.aws_state.mkdir(parents=True)
    emulator.layout.runtime.write_text("in the way")
    with pytest.raises(LocalError, match=r"(?s)stopped while starting.*FileExistsError"):
        emulator.start(0)
    assert processes(tmp_path) == []


def test_interrupted_start_leaves_nothing(tmp_path: Path) -> None:
    program = "import pathlib, sys, local.emulator as e; e.Emulator(pathlib.Path(sys.argv[1])).start(0)"
    started = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / ".local")],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(lambda: any("local.daemon" in line for line in processes(tmp_path)), what="the daemon")
    os.killpg(started.pid, signal.SIGINT)
    if started.wait(timeout=15) == 0:
        # It was ready before the signal came; then nothing is to be undone.
        Emulator(tmp_path / ".local").stop()
    wait_for(lambda: processes(tmp_path) == [], what="the end of the daemon")


def test_test_run_that_is_killed_leaves_no_emulator(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time, local.embedded as e\n"
        "with e.embedded_aws(pathlib.Path(sys.argv[1])): print('up', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / ".local")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        run.kill()
    wait_for(lambda: processes(tmp_path) == [], what="the end of the daemon")


def test_ctrl_c_in_the_terminal_does_not_reach_a_running_daemon(own: EmbeddedAws) -> None:
    assert os.getpgid(own.endpoint.pid) == own.endpoint.pid
    assert os.getsid(own.endpoint.pid) == own.endpoint.pid


def test_daemon_knows_nothing_of_the_users_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    with embedded_aws(tmp_path / ".local") as running:
        code = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
        world = World(running)
        function = world.function(world.queue(), code=code)
        answer = world.client("lambda").invoke(FunctionName=function, Payload=b"{}")
        seen = json.loads(answer["Payload"].read())
    assert not {"AWS_PROFILE", "HTTPS_PROXY"} & seen.keys()


def test_reset_forgets_everything_and_keeps_running(own: EmbeddedAws) -> None:
    World(own).table()
    own.emulator.layout.mailbox.mkdir()
    own.emulator.reset()
    assert own.emulator.status() is not None
    assert own.client("dynamodb").list_tables()["TableNames"] == []
    assert not own.emulator.layout.mailbox.exists()


def test_marker_agrees_after_a_clean_stop_and_not_after_a_kill(own: EmbeddedAws) -> None:
    emulator = own.emulator
    assert Marker(own.root, own.endpoint).agrees()
    Marker(own.root, own.endpoint).renew()
    emulator.stop()
    kept = emulator.start()
    assert Marker(own.root, kept).agrees()
    Marker(own.root, kept).renew()
    os.kill(kept.pid, signal.SIGKILL)
    assert not Marker(own.root, emulator.start()).agrees()


def test_marker_does_not_agree_on_another_port(own: EmbeddedAws) -> None:
    Marker(own.root, own.endpoint).renew()
    own.emulator.stop()
    assert not Marker(own.root, own.emulator.start(0)).agrees()


def test_marker_does_not_agree_when_pulumis_state_is_gone(own: EmbeddedAws) -> None:
    marker = Marker(own.root, own.endpoint)
    marker.renew()
    own.emulator.layout.marker.unlink()
    assert not marker.agrees()
