"""The commands that runbooks look with run against the deployed pipeline."""

import json
import re
from typing import Any

import jmespath
import pytest
from botocore import xform_name
from invoke.program import Program

import tasks
from orchestration import environments
from orchestration.environments import LOCAL, ROOT, Environment
from tests.e2e.pipeline import Pipeline
from tests.unit.docs.commands import Command, read_commands

SECTIONS = ("First look", "Verification")
LOOKING = frozenset({"health", "logs", "redrive", "replay"})
# The embedded AWS has no bills, trails or quotas. Placeholders such as KEY_ID need somebody to fill them in.
ONLY_IN_AWS = frozenset({"ce", "budgets", "cloudtrail", "service-quotas"})
PLACEHOLDER = re.compile(r"[A-Z]+_[A-Z_]+")


def _can_run(command: Command) -> bool:
    if command.is_inline or command.section not in SECTIONS:
        return False
    if any(PLACEHOLDER.fullmatch(word) for word in command.words):
        return False
    return command.words[1] not in ONLY_IN_AWS if command.words[0] == "aws" else command.words[1] in LOOKING


def _find(tool: str) -> list[tuple[str, ...]]:
    runbooks = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
    commands = [command for path in runbooks for command in read_commands(path)]
    return list(dict.fromkeys(each.words for each in commands if _can_run(each) and each.words[0] == tool))


@pytest.mark.parametrize("words", _find("invoke"), ids=" ".join)
def test_a_task_that_looks_runs(
    words: tuple[str, ...],
    pipeline: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit status 2 says that something is wrong, which other tests may have caused."""
    local = Environment(LOCAL, ROOT, state=pipeline.aws.root)
    monkeypatch.setattr(environments, "find", lambda *_, **__: local)
    status: object = 0
    try:
        Program(namespace=tasks.namespace).run(list(words), exit=False)
    except SystemExit as ended:
        status = ended.code
    assert status in (0, 2, None), capsys.readouterr()


@pytest.mark.parametrize("words", _find("aws"), ids=" ".join)
def test_a_command_of_the_aws_cli_shows_what_it_asks_for(words: tuple[str, ...], pipeline: Pipeline) -> None:
    _, service, action, *options = words
    given = dict(zip(options[::2], options[1::2], strict=True))
    query = given.pop("--query", "@")
    client = pipeline.aws.client(service)
    operation = next(name for name in client.meta.service_model.operation_names if _option(name) == action)
    members = client.meta.service_model.operation_model(operation).input_shape.members
    named = {name: given[f"--{_option(name)}"] for name in members if f"--{_option(name)}" in given}
    answer: Any = getattr(client, xform_name(operation))(**named)
    answer.pop("ResponseMetadata")
    found = jmespath.search(query, answer)
    assert _first(found), json.dumps(found, default=str)


def _option(name: str) -> str:
    return str(xform_name(name, "-"))


def _first(found: Any) -> Any:
    """Of [State, Reason] the state: a reason is there only if something is wrong."""
    return found[0] if isinstance(found, list) else found
