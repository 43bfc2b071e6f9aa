import pytest

from orchestration.environments import find
from orchestration.pulumi.existing_resources import KINDS, Existing, already_exists

PROD = find("prod")
COMPONENT = "urn:pulumi:prod::fraud-processing::fraud:shared:Function::fraud"


def urn(type_: str, name: str = "thing") -> str:
    return f"urn:pulumi:prod::fraud-processing::fraud:shared:Function${type_}::{name}"


LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
MESSAGES = {
    LOG_GROUP: "creating CloudWatch Logs Log Group (/aws/lambda/fraud): operation error CloudWatch Logs:"
    " CreateLogGroup, https response error StatusCode: 400, RequestID: 1, ResourceAlreadyExistsException:"
    " The specified log group already exists",
    "aws:iam/role:Role": "creating IAM Role (fraud): operation error IAM: CreateRole, https response error"
    " StatusCode: 409, EntityAlreadyExists: Role with name fraud already exists.",
    "aws:dynamodb/table:Table": "creating AWS DynamoDB Table (transactions): operation error DynamoDB:"
    " CreateTable, ResourceInUseException: Table already exists: transactions",
    "aws:sqs/queue:Queue": "creating SQS Queue (suspicious): operation error SQS: CreateQueue,"
    " QueueAlreadyExists: A queue already exists with the same name and a different value for attribute",
    "aws:s3/bucket:Bucket": "creating S3 Bucket (state): operation error S3: CreateBucket,"
    " BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded",
    "aws:lambda/function:Function": "creating Lambda Function (fraud): operation error Lambda:"
    " CreateFunction, ResourceConflictException: Function already exist: fraud",
    "aws:pipes/pipe:Pipe": "creating EventBridge Pipes Pipe (fraud): operation error Pipes: CreatePipe,"
    " ConflictException: Pipe fraud already exists",
    "aws:budgets/budget:Budget": "creating Budget (fraud): operation error Budgets: CreateBudget,"
    " DuplicateRecordException: the budget is there",
}


@pytest.mark.parametrize("type_", MESSAGES)
def test_the_message_names_the_resource_and_the_hint_both_commands(type_: str) -> None:
    assert already_exists(MESSAGES[type_])
    found = Existing.of("processing", urn(type_), MESSAGES[type_], parent=COMPONENT)
    hint = found.hint(PROD)
    assert found.name
    assert f"pulumi import -C stacks/processing -s prod {type_} thing" in hint
    assert f"parent={COMPONENT}" in hint
    assert KINDS[type_].delete.split(" {")[0].split(" arn:")[0].split(" https:")[0] in hint
    assert "{" not in hint


def test_an_import_takes_the_identity_that_the_provider_expects() -> None:
    queue = Existing.of("data", urn("aws:sqs/queue:Queue"), MESSAGES["aws:sqs/queue:Queue"])
    assert "https://sqs.us-east-1.amazonaws.com/333333333333/suspicious" in queue.hint(PROD)
    policy = Existing("foundation", "aws:iam/policy:Policy", "api", "fraud-api")
    assert "arn:aws:iam::333333333333:policy/fraud-api" in policy.hint(PROD)


def test_what_is_lost_with_a_deletion_is_part_of_the_hint() -> None:
    table = Existing("data", "aws:dynamodb/table:Table", "transactions", "transactions")
    assert "every item in it is lost" in table.hint(PROD)


def test_a_type_without_a_known_command_can_be_imported() -> None:
    found = Existing.of("edge", urn("aws:new/thing:Thing"), "creating Thing (x): AlreadyExistsException")
    assert "pulumi import" in found.hint(PROD)
    assert "delete" not in found.hint(PROD)


@pytest.mark.parametrize(
    "message",
    [
        "deleting SQS Queue (suspicious): operation error SQS: DeleteQueue, ResourceInUseException: busy",
        "creating IAM Role (fraud): AccessDenied: not authorized",
        "updating Lambda Function (fraud): ResourceConflictException: an update is in progress",
    ],
)
def test_other_failures_are_not_taken_for_an_existing_resource(message: str) -> None:
    assert not already_exists(message)


def test_the_name_that_the_program_gives_is_taken_where_the_message_has_none() -> None:
    message = "aws:dynamodb/table:Table: CreateTable: ResourceInUseException: Table already exists"
    assert already_exists(message)
    found = Existing.of("data", urn("aws:dynamodb/table:Table", "transactions"), message, name="my-table")
    assert "delete-table --table-name my-table" in found.hint(PROD)
