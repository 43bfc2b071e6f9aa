"""What is said of a running emulator."""

from pathlib import Path

import pytest

from local.endpoint import Credentials, Endpoint, credentials

ENDPOINT = Endpoint(4566, 1, "eu-central-1", Credentials("LOCAL1", "secret"), 0.5)


def test_environment_points_at_the_emulator_and_at_nothing_of_the_users() -> None:
    environment = ENDPOINT.environment()
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"


def test_endpoint_reads_back_as_written(tmp_path: Path) -> None:
    ENDPOINT.write(tmp_path / "endpoint.json")
    assert Endpoint.read(tmp_path / "endpoint.json") == ENDPOINT


@pytest.mark.parametrize("content", ["", "{", "{}", '{"port": 1, "credentials": {"key": "x"}}', "[]"])
def test_broken_endpoint_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "endpoint.json").write_text(content)
    assert Endpoint.read(tmp_path / "endpoint.json") is None


def test_credentials_are_made_once_and_only_the_user_may_read_them(tmp_path: Path) -> None:
    first = credentials(tmp_path / "credentials.json")
    assert credentials(tmp_path / "credentials.json") == first
    assert credentials(tmp_path / "other.json") != first
    assert (tmp_path / "credentials.json").stat().st_mode & 0o077 == 0
