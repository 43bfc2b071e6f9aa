from pathlib import Path

import pytest

from cli.security import supply_chain
from cli.security.supply_chain import find_requirements, write_boms
from orchestration.environments import ROOT
from terminal.errors import UserError


def test_every_file_of_pinned_requirements_is_audited() -> None:
    pinned = {path for path in ROOT.glob("[!.]*/**/*.txt") if "--hash=sha256:" in path.read_text()}
    assert pinned
    assert set(find_requirements()) == pinned


def test_audit_names_each_vulnerable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\ncase "$*" in *functions/fraud/*) exit 1;; esac\n')
    python.chmod(0o755)
    monkeypatch.setattr(supply_chain, "install_tool", lambda *_: python)
    with pytest.raises(UserError, match=r"functions/fraud/requirements\.txt") as failure:
        supply_chain.audit_requirements()
    assert "functions/api" not in str(failure.value)


def test_bills_need_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        write_boms("local", "")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file"):
        write_boms("local", str(tmp_path / "file" / "sbom"))


def test_a_bill_is_written_for_each_function(tmp_path: Path) -> None:
    write_boms("local", str(tmp_path / "sbom"))
    assert len(list((tmp_path / "sbom").glob("*.cdx.json"))) == len(
        list((ROOT / "functions").glob("*/handler.py"))
    )
