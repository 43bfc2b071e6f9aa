"""The endpoint file, the credentials and the port of an emulator."""

import socket
from pathlib import Path

import pytest

from local.endpoint import (
    PORT_VARIABLE,
    EmulatorEndpoint,
    RootCredentials,
    find_requested_port,
    load_credentials,
    open_listening_socket,
)
from local.errors import LocalError

ENDPOINT = EmulatorEndpoint(4566, 1, "eu-central-1", RootCredentials("LOCAL1", "secret"), 0.5)


def test_environment_has_the_emulators_url_and_none_of_the_users_files() -> None:
    environment = ENDPOINT.environment()
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"


def test_endpoint_is_read_as_it_was_written(tmp_path: Path) -> None:
    ENDPOINT.write(tmp_path / "endpoint.json")
    assert EmulatorEndpoint.read(tmp_path / "endpoint.json") == ENDPOINT


@pytest.mark.parametrize("content", ["", "{", "{}", '{"port": 1, "credentials": {"key": "x"}}', "[]"])
def test_invalid_endpoint_file_is_read_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "endpoint.json").write_text(content)
    assert EmulatorEndpoint.read(tmp_path / "endpoint.json") is None


def test_credentials_are_generated_once_and_readable_by_the_user_only(tmp_path: Path) -> None:
    first = load_credentials(tmp_path / "credentials.json")
    assert load_credentials(tmp_path / "credentials.json") == first
    assert load_credentials(tmp_path / "other.json") != first
    assert (tmp_path / "credentials.json").stat().st_mode & 0o077 == 0


@pytest.fixture
def remembered(tmp_path: Path) -> Path:
    return tmp_path / "port"


def test_argument_overrides_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORT_VARIABLE, "5001")
    assert find_requested_port(5000) == 5000
    assert find_requested_port(None) == 5001


@pytest.mark.parametrize("wrong", ["http", "-1", "65536", "4566 "])
def test_invalid_port_is_rejected_with_the_name_of_the_variable(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv(PORT_VARIABLE, wrong)
    with pytest.raises(LocalError, match=PORT_VARIABLE):
        find_requested_port(None)


def test_port_of_the_last_run_is_used_again(remembered: Path) -> None:
    with open_listening_socket(0, remembered) as first:
        port = first.getsockname()[1]
    remembered.write_text(str(port))
    with open_listening_socket(None, remembered) as again:
        assert again.getsockname() == ("127.0.0.1", port)


def test_another_port_is_used_if_the_last_runs_port_is_in_use(remembered: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        remembered.write_text(str(busy.getsockname()[1]))
        with open_listening_socket(None, remembered) as other:
            assert other.getsockname()[1] != busy.getsockname()[1]


def test_requested_port_that_is_in_use_is_rejected(remembered: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(LocalError, match=f"{port}.*{PORT_VARIABLE}"):
            open_listening_socket(port, remembered)
