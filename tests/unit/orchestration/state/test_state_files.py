from pathlib import Path

import pytest

from orchestration.state.state_files import Bucket, Folder, at


def test_a_folders_url_is_a_path() -> None:
    assert at("file:///var/my%20state?no_tmp_dir=true") == Folder(Path("/var/my state"))
    assert at("file://~/state") == Folder(Path.home() / "state")


def test_a_buckets_url_has_a_prefix_and_options() -> None:
    assert at("s3://state/team/a?region=eu-west-1&profile=prod") == Bucket(
        "state", "team/a", {"region": "eu-west-1", "profile": "prod"}
    )


@pytest.mark.parametrize("url", ["https://app.pulumi.com/acme", "gs://state", ""])
def test_other_backends_keep_no_files_that_can_be_read_here(url: str) -> None:
    assert at(url) is None


def test_files_are_named_from_the_root_and_only_below_the_folder(tmp_path: Path) -> None:
    for name in ("locks/data/b.json", "locks/data/a.json", "locks/data-lake/c.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    files = Folder(tmp_path)
    assert files.names("locks/data") == ["locks/data/a.json", "locks/data/b.json"]
    assert files.names("locks/none") == []
    assert files.read("locks/data/a.json") == b"locks/data/a.json"
    assert files.read("locks/data/gone.json") is None
