"""Resources that exist in AWS but not in the stack, and the commands that import or delete them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote

from orchestration.environments import Environment, load_account
from orchestration.pulumi.resource_types import STATEFUL_TYPES
from orchestration.pulumi.urn import parse_name, parse_type
from terminal.command_line import command_line
from terminal.errors import UserError

# Most services have an error code for an existing resource; a few have only a message.
_EXISTS = re.compile(
    r"already ?exist|AlreadyOwnedByYou|QueueNameExists|InvalidGroup\.Duplicate|InvalidPermission\.Duplicate"
    r"|DuplicateRecordException|ResourceInUseException",
    re.IGNORECASE,
)
# Matches `creating IAM Role` and `CreateRole`.
_CREATING = re.compile(r"\b(creat|put|add)", re.IGNORECASE)
# Matches the provider's `creating IAM Role (fraud-api): …`.
_NAME = re.compile(r"\bcreating [^():]*\((?P<name>[^)\s]+)\)")


@dataclass(frozen=True)
class _TypeCommands:
    """The command that deletes a resource, and the ID that `pulumi import` takes.

    Both are templates with {name}, {account} and {region}.
    """

    delete: str
    import_id: str = "{name}"


_DELETE_ALARM = "aws cloudwatch delete-alarms --alarm-names {name}"
_QUEUE_URL = "https://sqs.{region}.amazonaws.com/{account}/{name}"
_POLICY_ARN = "arn:aws:iam::{account}:policy/{name}"
_TOPIC_ARN = "arn:aws:sns:{region}:{account}:{name}"
TYPE_COMMANDS: Mapping[str, _TypeCommands] = {
    "aws:budgets/budget:Budget": _TypeCommands(
        "aws budgets delete-budget --account-id {account} --budget-name {name}", "{account}:{name}"
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": _TypeCommands(_DELETE_ALARM),
    "aws:cloudwatch/dashboard:Dashboard": _TypeCommands(
        "aws cloudwatch delete-dashboards --dashboard-names {name}"
    ),
    "aws:cloudwatch/eventBus:EventBus": _TypeCommands("aws events delete-event-bus --name {name}"),
    "aws:cloudwatch/logGroup:LogGroup": _TypeCommands("aws logs delete-log-group --log-group-name {name}"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _TypeCommands(_DELETE_ALARM),
    "aws:dynamodb/table:Table": _TypeCommands("aws dynamodb delete-table --table-name {name}"),
    "aws:iam/policy:Policy": _TypeCommands(f"aws iam delete-policy --policy-arn {_POLICY_ARN}", _POLICY_ARN),
    "aws:iam/role:Role": _TypeCommands("aws iam delete-role --role-name {name}"),
    "aws:kms/alias:Alias": _TypeCommands("aws kms delete-alias --alias-name {name}"),
    "aws:lambda/function:Function": _TypeCommands("aws lambda delete-function --function-name {name}"),
    "aws:pipes/pipe:Pipe": _TypeCommands("aws pipes delete-pipe --name {name}"),
    "aws:s3/bucket:Bucket": _TypeCommands("aws s3api delete-bucket --bucket {name}"),
    "aws:s3/bucketV2:BucketV2": _TypeCommands("aws s3api delete-bucket --bucket {name}"),
    "aws:sns/topic:Topic": _TypeCommands(f"aws sns delete-topic --topic-arn {_TOPIC_ARN}", _TOPIC_ARN),
    "aws:sqs/queue:Queue": _TypeCommands(f"aws sqs delete-queue --queue-url {_QUEUE_URL}", _QUEUE_URL),
}


def already_exists(message: str) -> bool:
    """Whether the provider failed to create a resource because it exists in AWS."""
    return bool(_EXISTS.search(message) and _CREATING.search(message))


@dataclass(frozen=True)
class ExistingResource:
    """A resource of a layer that already exists in AWS.

    `name` is the name in AWS, empty if unknown. `parent` is the URN of the parent component.
    """

    layer: str
    type: str
    resource: str
    name: str
    parent: str = ""

    @classmethod
    def from_message(
        cls, layer: str, urn: str, message: str, *, parent: str = "", name: str = ""
    ) -> "ExistingResource":
        """Parse the provider's message. `name` is the name that the program sets, if any."""
        match = _NAME.search(message)
        return cls(layer, parse_type(urn), parse_name(urn), name or (match["name"] if match else ""), parent)

    @property
    def message(self) -> str:
        name = f" as '{self.name}'" if self.name else ""
        return (
            f"{self.layer}: {self.resource} ({self.type}) already exists in AWS{name},"
            " but is not part of the stack."
        )

    def hint(self, environment: Environment) -> str:
        """Return the commands that import and delete the resource."""
        commands, account = TYPE_COMMANDS.get(self.type), _account_fields(environment)
        name = self.name or "NAME"
        import_id = (commands.import_id if commands else "{name}").format(name=name, **account)
        parts = [f"To import it: {self._import_command(environment, import_id)}"]
        if commands:
            loss = f" ({STATEFUL_TYPES[self.type]})" if self.type in STATEFUL_TYPES else ""
            parts.append(f"to delete it{loss}: {commands.delete.format(name=quote(name), **account)}")
        # A trailing semicolon is valid in a shell if it is copied with the command.
        return "; ".join(parts)

    def _import_command(self, environment: Environment, import_id: str) -> str:
        # The parent is part of the URN: without it, the program would create a second resource.
        parent = f" --parent {quote('parent=' + self.parent)}" if self.parent else ""
        return (
            f'eval "$({command_line("env", env=environment.name)})" && pulumi import -C stacks/{self.layer}'
            f" -s {environment.name} {self.type} {quote(self.resource)} {quote(import_id)}{parent}"
            " --protect=false --generate-code=false"
        )


def _account_fields(environment: Environment) -> dict[str, str]:
    try:
        account = load_account(environment)
    except UserError:
        return {"account": "000000000000", "region": "us-east-1"}
    return {"account": account.id, "region": account.region}
