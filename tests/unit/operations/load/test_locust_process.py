"""The process that posts, if it cannot start. `tests/e2e/test_load.py` runs it."""

import sys
from pathlib import Path

import pytest

from operations.load.locust_process import LocustProcess
from terminal.errors import UserError


def test_process_without_locust_is_an_error_with_the_reason(tmp_path: Path) -> None:
    # This Python has no locust.
    with pytest.raises(UserError, match="No module named 'locust'") as raised:
        LocustProcess.start("http://127.0.0.1:1/", 1, tmp_path, Path(sys.executable))
    assert "Traceback" in raised.value.details
