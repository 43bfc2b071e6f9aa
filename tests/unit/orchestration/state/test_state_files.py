from pathlib import Path

import pytest

from orchestration.state.state_files import BucketStateFiles, FolderStateFiles, open_state_files


def test_url_of_a_folder_is_a_path() -> None:
    assert open_state_files("file:///var/my%20state?no_tmp_dir=true") == FolderStateFiles(
        Path("/var/my state")
    )
    assert open_state_files("file://~/state") == FolderStateFiles(Path.home() / "state")


def test_url_of_a_bucket_has_a_prefix_and_options() -> None:
    assert open_state_files("s3://state/team/a?region=eu-west-1&profile=prod") == BucketStateFiles(
        "state", "team/a", {"region": "eu-west-1", "profile": "prod"}
    )


@pytest.mark.parametrize("url", ["https://app.pulumi.com/acme", "gs://state", ""])
def test_other_backends_have_no_files(url: str) -> None:
    assert open_state_files(url) is None


def test_names_are_relative_to_the_root_and_limited_to_the_folder(tmp_path: Path) -> None:
    for name in ("locks/data/b.json", "locks/data/a.json", "locks/data-lake/c.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    files = FolderStateFiles(tmp_path)
    assert files.list_names("locks/data") == ["locks/data/a.json", "locks/data/b.json"]
    assert files.list_names("locks/none") == []
    assert files.read("locks/data/a.json") == b"locks/data/a.json"
    assert files.read("locks/data/gone.json") is None
