"""The demonstration ends with the health of the pipeline and keeps its own exit status."""

import pytest

from cli import _using
from operations.demo.demo import INTERRUPTED
from operations.health.check import wrong
from orchestration.environments import Environment


class NothingDeployed:
    """Stands in for a deployed environment: the tree of the tests has none."""

    @classmethod
    def in_environment(cls, _environment: Environment) -> "NothingDeployed":
        return cls()

    def pipeline(self) -> None:
        """The demonstration, which is replaced as well, needs none."""


@pytest.mark.parametrize("status", [0, 1, INTERRUPTED])
def test_the_exit_status_is_that_of_the_demonstration(
    status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_using, "deploy", lambda *_, **__: 0)
    monkeypatch.setattr(_using, "Deployed", NothingDeployed)
    monkeypatch.setattr(_using.demonstration, "run", lambda *_, **__: status)
    monkeypatch.setattr(_using, "run_checks", lambda _: [wrong("alarm decided-in-time", "late")])
    assert _using.demo("local", count=1, rate=1, seed=1) == status
    assert ("decided-in-time" in capsys.readouterr().out) == (status != INTERRUPTED)
