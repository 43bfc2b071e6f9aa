import pytest

from tests.unit.docs.commands import Command, find_mistake, list_documents, read_commands

COMMANDS = [command for path in list_documents() for command in read_commands(path)]


@pytest.mark.parametrize("command", dict.fromkeys(COMMANDS), ids=str)
def test_command_in_documents_exists_with_its_options(command: Command) -> None:
    assert find_mistake(command) == ""


def test_documents_have_commands_of_each_tool() -> None:
    tools = [command.words[0] for command in COMMANDS]
    assert min(tools.count("invoke"), tools.count("./inv"), tools.count("aws")) > 5


@pytest.mark.parametrize(
    "text",
    [
        "invoke redrve --env prod",
        "invoke redrive --env prod --everything",
        "invoke deploy --env production",
        "invoke deploy --env prod --layer procesing",
        "invoke logs extra --env prod",
        "aws kmz enable-key --key-id KEY_ID",
        "aws kms enable-keys --key-id KEY_ID",
        "aws kms enable-key --key KEY_ID",
        "aws kms enable-key",
        "aws dynamodb update-table --table-name t --warm-throughput ReadCapacityUnits=1",
        "aws ce get-cost-and-usage --time-period Start=a,End=b --granularity YEARLY --metrics UnblendedCost",
    ],
)
def test_wrong_command_is_detected(text: str) -> None:
    assert find_mistake(Command("seeded.md", "", tuple(text.split()))) != ""
