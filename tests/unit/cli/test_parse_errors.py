from copy import deepcopy
from typing import Any

import pytest
from invoke.exceptions import ParseError
from invoke.parser import Parser, ParserContext
from invoke.program import Program

import tasks


def parse(*words: str) -> dict[str, Any]:
    """The values of the task's options."""
    # A copy, because a task that reads its arguments forgets their help texts.
    contexts = deepcopy(tasks.namespace).to_contexts()
    _, task = Parser(contexts=contexts, initial=ParserContext()).parse_argv(list(words))
    return task.as_kwargs


def parse_wrong(*words: str) -> str:
    with pytest.raises(ParseError) as caught:
        parse(*words)
    message = str(caught.value)
    assert message.startswith("error: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("rules.check", "my.yaml"), "invoke rules.check --rules my.yaml"),
        (("rules.try", "past.csv", "my.yml"), "invoke rules.try --rules my.yml"),
        (("backtest", "past.csv", "model.json"), "invoke backtest --model model.json"),
        (("send", "past.csv", "map.yaml"), "invoke send --columns map.yaml"),
    ],
)
def test_file_without_its_option_is_an_error_with_the_option(words: tuple[str, ...], command: str) -> None:
    assert parse_wrong(*words).endswith(f": {command}")


@pytest.mark.parametrize("task", ["demo", "test"])
def test_unknown_option_is_an_error_with_the_help_of_the_task(task: str) -> None:
    assert f"invoke --help {task}" in parse_wrong(task, "--nothing")


@pytest.mark.parametrize(
    ("task", "option"),
    [
        ("send", "--jsn"),
        ("train", "--dta"),
        ("simulate", "--ot"),
        ("rollback", "--lyr"),
        ("export", "--sinc"),
    ],
)
def test_unknown_option_is_not_taken_for_a_file(task: str, option: str) -> None:
    assert f"{task} has no option '{option}'" in parse_wrong(task, option, "past.csv")


@pytest.mark.parametrize(("task", "name"), [("send", "file"), ("data.inspect", "data"), ("train", "data")])
@pytest.mark.parametrize("option", ["--data", "--file"])
def test_file_of_a_task_has_both_names(task: str, name: str, option: str) -> None:
    words = ("--out", "model.json") if task == "train" else ()
    assert parse(task, option, "past.csv", *words)[name] == "past.csv"
    assert parse(task, f"{option}=past.csv", *words)[name] == "past.csv"


def test_id_may_begin_with_dashes() -> None:
    assert parse("explain", "--t-1")["transaction_id"] == "--t-1"


@pytest.mark.parametrize("task", ["send", "backtest"])
def test_second_file_is_not_for_the_option_of_the_first_one(task: str) -> None:
    assert f"invoke --help {task}" in parse_wrong(task, "past.csv", "further.csv")


def test_unknown_word_is_not_taken_for_a_file() -> None:
    assert "invoke --help demo" in parse_wrong("demo", "it's")


def test_unknown_task_is_an_error_with_the_list_of_tasks() -> None:
    assert "invoke groups" in parse_wrong("no-task")


def test_missing_words_are_an_error_with_all_words_of_the_task() -> None:
    assert "invoke send FILE" in parse_wrong("send")
    assert "invoke lists.add LIST KIND ID" in parse_wrong("lists.add", "blocked")


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("alerts", "--account"), "--account"),
        (("alerts", "--account", "--json"), "--account"),
        (("send", "past.csv", "--rejects"), "--rejects"),
        (("test", "-k"), "-k"),
    ],
)
def test_option_without_its_value_is_an_error_with_the_help_of_the_task(
    words: tuple[str, ...], option: str
) -> None:
    message = parse_wrong(*words)
    assert f" {option} " in message
    assert f"invoke --help {words[0]}" in message


@pytest.mark.parametrize("value", ["many", "-3", "1.5", ""])
def test_value_of_a_wrong_type_is_an_error_with_its_option(value: str) -> None:
    message = parse_wrong("send", "past.csv", f"--concurrency={value}")
    assert f"--concurrency: '{value}'" in message


def test_number_is_an_error_unless_it_is_positive() -> None:
    assert "--rate: '0'" in parse_wrong("load", "--rate", "0")


def test_tests_to_run_need_no_option_name() -> None:
    values = parse("test", "tests/unit/cli", "--fast", "tests/unit/test_tasks.py")
    assert values["path"] == ["tests/unit/cli", "tests/unit/test_tasks.py"]
    assert values["fast"] is True


@pytest.mark.parametrize("task", ["backtest", "train", "lists.add", "send", "deploy"])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_task_takes_the_option_help(task: str, option: str) -> None:
    contexts = deepcopy(tasks.namespace).to_contexts()
    parser = Parser(contexts=contexts, initial=Program().initial_context)
    assert parser.parse_argv([task, option])[0].args["help"].value == task
