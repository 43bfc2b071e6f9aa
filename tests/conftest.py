"""Fixtures that all kinds of tests can use."""

import gc
import os
from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest

from local.embedded import EmbeddedAws, embedded_aws
from operations.deployed import DeployedPipeline
from terminal.command_line import VARIABLE
from tests import deployment

# The tests start hundreds of Python processes, which would compile all modules each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Messages name `invoke`, even if ./inv runs the tests.
os.environ.pop(VARIABLE, None)
# Each session would read the models of AWS's services again, which takes half of the time of some tests.
botocore.session.create_loader = cache(botocore.session.create_loader)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """The embedded AWS of this test run, with its own folder on a free port; stopped at the end."""
    with embedded_aws(tmp_path_factory.mktemp("aws") / ".local") as running:
        yield running


@pytest.fixture(scope="session")
def deployed(aws: EmbeddedAws) -> DeployedPipeline:
    """The four stacks on the embedded AWS of this test run."""
    return deployment.deploy_stacks(aws)


def pytest_collection_finish() -> None:
    """Exclude the modules and the tests from garbage collection, which would look at them again and again."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the use of AWS's limits, which tests/aws/test_limits.py records."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    margins = [text for report in reports for name, text in report.user_properties if name == "margin"]
    if margins:
        terminalreporter.section("AWS limits")
        for text in margins:
            terminalreporter.line(str(text))
