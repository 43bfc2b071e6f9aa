import pytest

from terminal.command_line import VARIABLE, command_line


def test_command_starts_as_the_user_started_it() -> None:
    assert command_line("status", variables={VARIABLE: "./inv"}) == "./inv status"
    assert command_line("status", variables={}) == "invoke status"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"env": "dev", "layer": ["data", "edge"]}, "--env dev --layer data --layer edge"),
        ({"from_plan": "my plan"}, "--from-plan 'my plan'"),
        ({"follow": True, "to": 3}, "--follow --to 3"),
        ({"follow": False, "layer": [], "env": ""}, ""),
    ],
)
def test_options_are_written_as_on_a_command_line(options: dict[str, str], text: str) -> None:
    assert command_line("deploy", variables={}, **options) == f"invoke deploy {text}".rstrip()


def test_arguments_precede_options() -> None:
    assert command_line("send", "FILE", env="dev", variables={}) == "invoke send FILE --env dev"
