from pathlib import Path

from terminal.paths import file_size, is_same_file

TOO_LONG = Path("x" * 300)


def test_size_of_a_path_that_cannot_be_examined_is_0(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert [file_size(path) for path in (tmp_path / "f", tmp_path / "g", TOO_LONG)] == [3, 0, 0]


def test_files_are_the_same_by_any_path(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert is_same_file(tmp_path / "f", tmp_path / "." / "f")
    assert not is_same_file(tmp_path / "f", tmp_path / "g")
    assert is_same_file(tmp_path / "g", tmp_path / "g")
    assert not is_same_file(TOO_LONG, tmp_path / "f")
