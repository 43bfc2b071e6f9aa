"""Which port is taken."""

import socket
from pathlib import Path

import pytest

from local import ports
from local.errors import LocalError


@pytest.fixture
def remembered(tmp_path: Path) -> Path:
    return tmp_path / "port"


def test_argument_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ports.VARIABLE, "5001")
    assert ports.requested(5000) == 5000
    assert ports.requested(None) == 5001


@pytest.mark.parametrize("wrong", ["http", "-1", "65536", "4566 "])
def test_what_is_no_port_is_refused_with_the_name_of_the_variable(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv(ports.VARIABLE, wrong)
    with pytest.raises(LocalError, match=ports.VARIABLE):
        ports.requested(None)


def test_last_runs_port_is_taken_again(remembered: Path) -> None:
    with ports.listen(0, remembered) as first:
        port = first.getsockname()[1]
    remembered.write_text(str(port))
    with ports.listen(None, remembered) as again:
        assert again.getsockname() == ("127.0.0.1", port)


def test_another_port_is_taken_if_the_last_runs_is_busy(remembered: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        remembered.write_text(str(busy.getsockname()[1]))
        with ports.listen(None, remembered) as other:
            assert other.getsockname()[1] != busy.getsockname()[1]


def test_asked_for_port_that_is_busy_is_refused(remembered: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(LocalError, match=f"port {port} is in use by another program"):
            ports.listen(port, remembered)
