from pulumi.automation import CommandResult
from pulumi.automation.errors import CommandError

from orchestration.environments import find
from orchestration.layers import LAYERS
from orchestration.pulumi import errors
from orchestration.pulumi.errors import Diagnostic, LayerError

DATA = LAYERS[1]
QUEUE = "urn:pulumi:prod::fraud-data::fraud:data:Queues$aws:sqs/queue:Queue::suspicious"
STACK = "urn:pulumi:prod::fraud-data::pulumi:pulumi:Stack::fraud-data-prod"


def explained(stderr: str, *diagnostics: Diagnostic, program: str = "") -> LayerError:
    error = CommandError(CommandResult(stdout="", stderr=stderr, code=255))
    return errors.explain(error, find("prod"), DATA, diagnostics=diagnostics, program=program)


def test_a_locked_stack_says_by_whom_since_when_and_what_to_do() -> None:
    error = explained(
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or "
        "delete the lock file with `pulumi cancel`.\n  s3://b/.pulumi/locks/x.json: created by "
        "ann@laptop (pid 4242) at 2026-01-02T03:04:05Z"
    )
    assert error.message == (
        "data: another update holds the stack by ann@laptop (process 4242) since 2026-01-02T03:04:05Z."
    )
    assert "pulumi cancel -C stacks/data -s prod" in error.hint


def test_a_wrong_passphrase_says_which_variable() -> None:
    error = explained("error: getting stack configuration: get stack secrets manager: incorrect passphrase")
    assert "PULUMI_CONFIG_PASSPHRASE is not the passphrase of 'prod'" in error.message


def test_a_missing_backend_says_which_variable() -> None:
    error = explained("error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions")
    assert "PULUMI_BACKEND_URL" in error.hint


def test_a_failed_resource_is_named_with_its_message_on_one_line() -> None:
    error = explained(
        "error: update failed",
        Diagnostic(STACK, "update failed"),
        Diagnostic(QUEUE, "creating queue:\n  access denied\n"),
    )
    assert error.message == "data: suspicious (aws:sqs/queue:Queue): creating queue: access denied"


def test_further_failed_resources_are_counted() -> None:
    error = explained("", Diagnostic(QUEUE, "denied"), Diagnostic(QUEUE, "denied"))
    assert error.message.endswith("denied (and 1 more)")


def test_a_program_that_fails_is_told_by_its_own_error() -> None:
    error = explained("", Diagnostic(STACK, "Traceback …"), program="stacks/data/table.py:7: KeyError: 'x'")
    assert error.message == "data: stacks/data/table.py:7: KeyError: 'x'"


def test_an_unknown_failure_is_told_by_the_last_error_of_the_cli() -> None:
    assert explained("error: one\nsomething\nerror: two\n").message == "data: two"


def test_an_error_on_the_first_line_is_said_without_the_name_of_the_stream() -> None:
    assert explained("error: something new").message == "data: something new"


def test_a_resource_that_exists_already_is_named_with_the_commands_to_import_and_delete_it() -> None:
    component = "urn:pulumi:prod::fraud-data::fraud:data:Queues::queues"
    taken = Diagnostic(
        QUEUE, "CreateQueue: QueueAlreadyExists: it is there", parent=component, name="queue-1"
    )
    error = explained("", Diagnostic(QUEUE, "cancelled"), taken)
    assert error.message.startswith("data: suspicious (aws:sqs/queue:Queue) exists already")
    assert "queue-1" in error.message
    assert f"--parent parent={component}" in error.hint
    assert "aws sqs delete-queue" in error.hint
