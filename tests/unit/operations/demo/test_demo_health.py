import pytest

import tasks
from operations.demo import demo
from operations.deployed import DeployedPipeline
from operations.health import report
from operations.health.check import wrong_check
from orchestration import deployment


@pytest.mark.parametrize("status", [0, 1, demo.INTERRUPTED])
def test_exit_status_is_that_of_the_demonstration_and_not_of_the_health(
    status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deployment, "deploy_layers", lambda *_, **__: None)
    monkeypatch.setattr(DeployedPipeline, "from_session", lambda _: None)
    monkeypatch.setattr(demo.DemoPipeline, "from_deployed", lambda _: None)
    monkeypatch.setattr(demo, "run_demo", lambda *_, **__: status)
    monkeypatch.setattr(report, "run_checks", lambda _: [wrong_check("alarm decided-in-time", "late")])
    if status:
        with pytest.raises(SystemExit) as caught:
            tasks.namespace["demo"].body(None, count=1, rate=1, seed=1)
        assert caught.value.code == status
    else:
        tasks.namespace["demo"].body(None, count=1, rate=1, seed=1)
    assert ("decided-in-time" in capsys.readouterr().out) == (status != demo.INTERRUPTED)
