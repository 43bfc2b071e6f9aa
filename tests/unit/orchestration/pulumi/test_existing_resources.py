import pytest

from orchestration.environments import find_environment
from orchestration.pulumi.existing_resources import TYPE_COMMANDS, ExistingResource, already_exists

PROD = find_environment("prod")
COMPONENT = "urn:pulumi:prod::fraud-processing::fraud:shared:Function::fraud"


def make_urn(type_: str, name: str = "thing") -> str:
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
def test_hint_has_the_commands_to_import_and_delete_the_resource(type_: str) -> None:
    assert already_exists(MESSAGES[type_])
    existing = ExistingResource.from_message("processing", make_urn(type_), MESSAGES[type_], parent=COMPONENT)
    hint = existing.hint(PROD)
    assert existing.name
    assert f"pulumi import -C stacks/processing -s prod {type_} thing" in hint
    assert f"parent={COMPONENT}" in hint
    assert TYPE_COMMANDS[type_].delete.split(" {")[0].split(" arn:")[0].split(" https:")[0] in hint
    assert "{" not in hint


def test_import_id_has_the_format_of_the_provider() -> None:
    queue = ExistingResource.from_message(
        "data", make_urn("aws:sqs/queue:Queue"), MESSAGES["aws:sqs/queue:Queue"]
    )
    assert "https://sqs.us-east-1.amazonaws.com/333333333333/suspicious" in queue.hint(PROD)
    policy = ExistingResource("foundation", "aws:iam/policy:Policy", "api", "fraud-api")
    assert "arn:aws:iam::333333333333:policy/fraud-api" in policy.hint(PROD)


def test_hint_states_the_loss_from_a_deletion() -> None:
    table = ExistingResource("data", "aws:dynamodb/table:Table", "transactions", "transactions")
    assert "every item in it is lost" in table.hint(PROD)


def test_resource_of_an_unknown_type_can_be_imported() -> None:
    existing = ExistingResource.from_message(
        "edge", make_urn("aws:new/thing:Thing"), "creating Thing (x): AlreadyExistsException"
    )
    assert "pulumi import" in existing.hint(PROD)
    assert "delete" not in existing.hint(PROD)


@pytest.mark.parametrize(
    "message",
    [
        "deleting SQS Queue (suspicious): operation error SQS: DeleteQueue, ResourceInUseException: busy",
        "creating IAM Role (fraud): AccessDenied: not authorized",
        "updating Lambda Function (fraud): ResourceConflictException: an update is in progress",
    ],
)
def test_other_failures_do_not_mean_an_existing_resource(message: str) -> None:
    assert not already_exists(message)


def test_name_in_the_program_is_used_if_the_message_has_none() -> None:
    message = "aws:dynamodb/table:Table: CreateTable: ResourceInUseException: Table already exists"
    assert already_exists(message)
    existing = ExistingResource.from_message(
        "data", make_urn("aws:dynamodb/table:Table", "transactions"), message, name="my-table"
    )
    assert "delete-table --table-name my-table" in existing.hint(PROD)
