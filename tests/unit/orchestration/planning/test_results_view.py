import pytest
from rich.console import Console

from orchestration.layers import LAYERS
from orchestration.planning.results_view import build_table, print_failures, to_json
from orchestration.planning.scheduler import LayerResult, ResultStatus
from orchestration.pulumi.results import Changes, OperationResult
from terminal.errors import UserError

FOUNDATION, DATA, PROCESSING, EDGE, *_ = LAYERS
RESULTS = [
    LayerResult(FOUNDATION, ResultStatus.DONE, 83.2, OperationResult(Changes(create=42, same=3))),
    LayerResult(DATA, ResultStatus.FAILED, 12.0, error=UserError("data: no"), reason="data: no"),
    LayerResult(PROCESSING, ResultStatus.LEFT_OUT, reason="data failed"),
    LayerResult(EDGE, ResultStatus.STOPPED, 1.0),
]


def print_table(width: int) -> list[str]:
    output = Console(width=width)
    with output.capture() as capture:
        output.print(build_table(RESULTS, "Deployed", "1a2b3c4*", output))
    return capture.get().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_table_fits_the_terminal_and_shows_the_layers_in_full(width: int) -> None:
    lines = print_table(width)
    assert max(map(len, lines)) <= width
    for layer, status in (
        ("foundation", "done"),
        ("data", "failed"),
        ("processing", "left out"),
        ("edge", "stopped"),
    ):
        assert [line for line in lines if line.startswith(f"│ {layer} ") and status in line]


def test_wide_table_has_all_columns_and_a_narrow_one_the_changes() -> None:
    assert all(name in print_table(120)[2] for name in ("seconds", "same", "commit"))
    assert all(name in print_table(80)[2] for name in ("create", "update", "replace", "delete"))
    assert "same" not in print_table(80)[2]


def test_json_has_the_commit_of_done_layers_only() -> None:
    entries = to_json(RESULTS, "1a2b3c4*")
    assert [(entry["result"], entry["commit"]) for entry in entries] == [
        ("done", "1a2b3c4*"),
        ("failed", None),
        ("left out", None),
        ("stopped", None),
    ]


def test_only_failed_layers_are_failures(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_failures(RESULTS) == "data"
    assert "data: no" in capsys.readouterr().err
