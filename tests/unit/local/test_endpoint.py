"""The endpoint file and the credentials of an emulator."""

from pathlib import Path

import pytest

from local.endpoint import EmulatorEndpoint, RootCredentials, load_credentials

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
