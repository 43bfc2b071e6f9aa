import pytest
from pulumi.automation import CommandResult
from pulumi.automation.errors import CommandError

from orchestration.environments import find_environment
from orchestration.layers import LAYERS
from orchestration.pulumi.errors import Diagnostic, LayerError, explain_failure

DATA = LAYERS[1]
QUEUE = "urn:pulumi:prod::fraud-data::fraud:data:Queues$aws:sqs/queue:Queue::suspicious"
STACK = "urn:pulumi:prod::fraud-data::pulumi:pulumi:Stack::fraud-data-prod"

# Messages of the CLI, shortened in the middle.
NO_BUCKET = """error: error listing stacks: could not list bucket: blob (code=NotFound): operation error S3:
 ListObjectsV2, https response error StatusCode: 404, NoSuchBucket: The specified bucket does not exist"""
NO_KEY = """error: could not create secrets manager for new stack: secrets (code=NotFound): operation error
 KMS: Encrypt, https response error StatusCode: 400, NotFoundException: Key alias/x not found"""
DELETED_KEY = """error: could not deserialize deployment: constructing secrets manager of type "cloud":
 secrets (code=FailedPrecondition): operation error KMS: Decrypt, https response error StatusCode: 400,
 KMSInvalidStateException: arn:aws:kms:us-east-1:111111111111:key/5f4e is pending deletion."""
NO_CREDENTIALS = """error: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): operation
 error S3: GetObject, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role"""
WRONG_CREDENTIALS = """error: read ".pulumi/meta.yaml": blob (code=Unknown): operation error S3: GetObject,
 api error InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records."""

# The engine's diagnostic for an exception in an `apply`.
APPLY_TRACEBACK = """Program failed with an unhandled exception:
Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/pulumi/output.py", line 98, in run
    value = await self._future
  File "/clone/stacks/data/tables.py", line 7, in <lambda>
    name.apply(lambda value: value["x"])
TypeError: string indices must be integers
"""


def explain(
    stderr: str, *diagnostics: Diagnostic, program_error: str = "", traceback: str = ""
) -> LayerError:
    error = CommandError(CommandResult(stdout="", stderr=stderr, code=255))
    return explain_failure(
        error,
        find_environment("prod"),
        DATA,
        diagnostics=diagnostics,
        program_error=program_error,
        traceback=traceback,
    )


@pytest.mark.parametrize("text", [NO_BUCKET, NO_KEY, DELETED_KEY])
def test_missing_bucket_or_key_is_created_by_bootstrap(text: str) -> None:
    assert explain(text).hint.endswith("invoke bootstrap --env prod")


@pytest.mark.parametrize("text", [NO_CREDENTIALS, WRONG_CREDENTIALS])
def test_invalid_credentials_are_renewed_by_signing_in(text: str) -> None:
    error = explain(text)
    assert error.hint.endswith("aws sso login")


def test_missing_resource_of_a_service_is_not_a_missing_key() -> None:
    error = explain("error: update failed: NotFoundException: no such queue")
    assert error.message == "data: update failed: NotFoundException: no such queue"


def test_lock_of_a_stack_names_its_holder_and_the_command_that_removes_it() -> None:
    error = explain(
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or "
        "delete the lock file with `pulumi cancel`.\n  s3://b/.pulumi/locks/x.json: created by "
        "ann@laptop (pid 4242) at 2026-01-02T03:04:05Z"
    )
    assert error.message.startswith("data: ")
    assert "ann@laptop (process 4242) since 2026-01-02T03:04:05Z" in error.message
    assert error.hint.endswith("pulumi cancel -C stacks/data -s prod")


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        (
            "error: getting stack configuration: get stack secrets manager: incorrect passphrase",
            "PULUMI_CONFIG_PASSPHRASE",
        ),
        ("error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        (
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            "PULUMI_BACKEND_URL",
        ),
    ],
)
def test_missing_or_wrong_variable_is_named(text: str, variable: str) -> None:
    assert variable in str(explain(text))


def test_error_of_a_resource_is_one_line_with_the_resource() -> None:
    error = explain(
        "error: update failed",
        Diagnostic(STACK, "update failed"),
        Diagnostic(QUEUE, "creating queue:\n  access denied\n"),
    )
    assert error.message == "data: suspicious (aws:sqs/queue:Queue): creating queue: access denied"


def test_further_failed_resources_are_counted() -> None:
    error = explain("", Diagnostic(QUEUE, "denied"), Diagnostic(QUEUE, "denied"))
    assert error.message.endswith("denied (and 1 more)")


def test_exception_of_a_program_is_one_line_with_its_location() -> None:
    error = explain(
        "",
        Diagnostic(STACK, APPLY_TRACEBACK),
        program_error="stacks/data/table.py:7: KeyError: 'x'",
        traceback="Traceback (most recent call last): …",
    )
    assert error.message == "data: stacks/data/table.py:7: KeyError: 'x'"
    assert "--verbose" in error.hint
    assert error.details == "Traceback (most recent call last): …"


def test_exception_in_an_apply_is_one_line_with_its_location() -> None:
    error = explain("", Diagnostic(STACK, APPLY_TRACEBACK))
    assert error.message == "data: stacks/data/tables.py:7: TypeError: string indices must be integers"
    assert "--verbose" in error.hint
    assert error.details == APPLY_TRACEBACK


def test_error_of_a_resource_takes_precedence_over_the_exception_of_a_program() -> None:
    error = explain("", Diagnostic(QUEUE, "denied"), program_error="stacks/data/table.py:7: KeyError: 'x'")
    assert error.message == "data: suspicious (aws:sqs/queue:Queue): denied"


def test_unknown_failure_is_the_last_error_of_the_cli() -> None:
    assert explain("error: one\nsomething\nerror: two\n").message == "data: two"


def test_error_on_the_first_line_has_no_name_of_a_stream() -> None:
    assert explain("error: something new").message == "data: something new"


def test_existing_resource_has_commands_to_import_and_delete_it() -> None:
    component = "urn:pulumi:prod::fraud-data::fraud:data:Queues::queues"
    existing = Diagnostic(
        QUEUE, "CreateQueue: QueueAlreadyExists: it is there", parent=component, name="queue-1"
    )
    error = explain("", Diagnostic(QUEUE, "cancelled"), existing)
    assert error.message.startswith("data: suspicious (aws:sqs/queue:Queue) ")
    assert "queue-1" in error.message
    assert f"--parent parent={component}" in error.hint
    assert "aws sqs delete-queue" in error.hint


def test_exception_in_an_apply_without_a_frame_of_the_program_names_the_program() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/pulumi/output.py", line 9, in run\nValueError: a\nb\n'
    )
    assert explain("", Diagnostic(STACK, text)).message == "data: stacks/data/__main__.py: ValueError: a b"
