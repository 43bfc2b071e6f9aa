"""Selection of the emulator's port."""

import socket
from pathlib import Path

import pytest

from local import ports
from local.errors import LocalError


@pytest.fixture
def remembered(tmp_path: Path) -> Path:
    return tmp_path / "port"


def test_argument_overrides_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ports.PORT_VARIABLE, "5001")
    assert ports.requested_port(5000) == 5000
    assert ports.requested_port(None) == 5001


@pytest.mark.parametrize("wrong", ["http", "-1", "65536", "4566 "])
def test_invalid_port_is_rejected_with_the_name_of_the_variable(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv(ports.PORT_VARIABLE, wrong)
    with pytest.raises(LocalError, match=ports.PORT_VARIABLE):
        ports.requested_port(None)


def test_port_of_the_last_run_is_used_again(remembered: Path) -> None:
    with ports.open_listening_socket(0, remembered) as first:
        port = first.getsockname()[1]
    remembered.write_text(str(port))
    with ports.open_listening_socket(None, remembered) as again:
        assert again.getsockname() == ("127.0.0.1", port)


def test_another_port_is_used_if_the_last_runs_port_is_in_use(remembered: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        remembered.write_text(str(busy.getsockname()[1]))
        with ports.open_listening_socket(None, remembered) as other:
            assert other.getsockname()[1] != busy.getsockname()[1]


def test_requested_port_that_is_in_use_is_rejected(remembered: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(LocalError, match=f"{port}.*{ports.PORT_VARIABLE}"):
            ports.open_listening_socket(port, remembered)
