"""Fixtures that every kind of test may use."""

from collections.abc import Iterator

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from operations.deployed import Deployed
from tests import deployment


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """The embedded AWS of this test run: its own folder, a free port, stopped at the end whatever happens."""
    with embedded_aws(tmp_path_factory.mktemp("aws") / ".local") as running:
        yield running


@pytest.fixture(scope="session")
def deployed(aws: EmbeddedAws) -> Deployed:
    """The four stacks on the embedded AWS of this test run."""
    return deployment.deploy(aws)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how much of AWS's limits is used: tests/aws/test_limits.py records it."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    margins = [text for report in reports for name, text in report.user_properties if name == "margin"]
    if margins:
        terminalreporter.section("AWS limits")
        for text in margins:
            terminalreporter.line(str(text))
