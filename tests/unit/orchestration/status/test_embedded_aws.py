from pathlib import Path

from orchestration.environments import Environment
from orchestration.status.embedded_aws import Condition, condition


def test_an_account_has_no_embedded_aws() -> None:
    assert condition(Environment("prod")) is None


def test_an_embedded_aws_that_never_ran_is_stopped(tmp_path: Path) -> None:
    assert condition(Environment("local", tmp_path)) is Condition.STOPPED
