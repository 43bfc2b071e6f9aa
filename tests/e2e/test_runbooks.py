"""The read-only commands of the runbooks run against the deployed pipeline."""

import json
import re
from copy import deepcopy
from typing import Any

import jmespath
import pytest
from botocore import xform_name
from invoke.program import Program

import tasks
from orchestration import session
from orchestration.environments import LOCAL, ROOT, Environment
from tests.e2e.pipeline import PipelineClient
from tests.unit.docs.commands import Command, read_commands

SECTIONS = ("First look", "Verification")
READING_TASKS = frozenset({"health", "logs", "redrive", "replay"})
# The embedded AWS has no bills, trails or quotas. Commands with placeholders such as KEY_ID cannot run.
ONLY_IN_AWS = frozenset({"ce", "budgets", "cloudtrail", "service-quotas"})
PLACEHOLDER = re.compile(r"[A-Z]+_[A-Z_]+")


def _can_run(command: Command) -> bool:
    if command.is_inline or command.section not in SECTIONS:
        return False
    if any(PLACEHOLDER.fullmatch(word) for word in command.words):
        return False
    tool, name = command.words[:2]
    return name not in ONLY_IN_AWS if tool == "aws" else name in READING_TASKS


def _find_commands(tool: str) -> list[tuple[str, ...]]:
    runbooks = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
    commands = [command for path in runbooks for command in read_commands(path) if _can_run(command)]
    return list(dict.fromkeys(command.words for command in commands if command.words[0] == tool))


@pytest.mark.parametrize("words", _find_commands("invoke"), ids=" ".join)
def test_task_of_a_runbook_runs(
    words: tuple[str, ...],
    pipeline: PipelineClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Run a task. Exit status 2 means that the health is not ok, which other tests may cause."""
    local = Environment(LOCAL, ROOT, state=pipeline.aws.root)
    monkeypatch.setattr(session, "find_environment", lambda *_: local)
    status: object = 0
    try:
        Program(namespace=deepcopy(tasks.namespace)).run(list(words), exit=False)
    except SystemExit as ended:
        status = ended.code
    assert status in (0, 2, None), capsys.readouterr()


@pytest.mark.parametrize("words", _find_commands("aws"), ids=" ".join)
def test_aws_command_of_a_runbook_has_a_result(words: tuple[str, ...], pipeline: PipelineClient) -> None:
    _, service, action, *options = words
    options_by_name = dict(zip(options[::2], options[1::2], strict=True))
    query = options_by_name.pop("--query", "@")
    client = pipeline.aws.client(service)
    operation = next(name for name in client.meta.service_model.operation_names if _option(name) == action)
    members = client.meta.service_model.operation_model(operation).input_shape.members
    named = {
        name: options_by_name[f"--{_option(name)}"]
        for name in members
        if f"--{_option(name)}" in options_by_name
    }
    answer: Any = getattr(client, xform_name(operation))(**named)
    answer.pop("ResponseMetadata")
    result = jmespath.search(query, answer)
    assert _first(result), json.dumps(result, default=str)


def _option(name: str) -> str:
    return str(xform_name(name, "-"))


def _first(result: Any) -> Any:
    """Return the state of [State, Reason]: a reason exists only if something is wrong."""
    return result[0] if isinstance(result, list) else result
