"""A resource that AWS has already, but the stack does not: how to import it into the stack, or delete it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote

from orchestration.environments import Environment, account_of
from orchestration.pulumi.stateful_types import STATEFUL_TYPES
from terminal.errors import UserError

# AWS's codes end in many ways; a few services say it in the message only.
_EXISTS = re.compile(
    r"already ?exist|AlreadyOwnedByYou|QueueNameExists|InvalidGroup\.Duplicate|InvalidPermission\.Duplicate"
    r"|DuplicateRecordException|ResourceInUseException",
    re.IGNORECASE,
)
# `creating IAM Role`, `CreateRole`.
_CREATING = re.compile(r"\b(creat|put|add)", re.IGNORECASE)
# The provider writes `creating IAM Role (fraud-api): …`.
_NAME = re.compile(r"\bcreating [^():]*\((?P<name>[^)\s]+)\)")


@dataclass(frozen=True)
class _Kind:
    """`id`: what `pulumi import` takes; `delete`: AWS's command. Both with {name}, {account} and {region}."""

    delete: str
    id: str = "{name}"


_DELETE_ALARM = "aws cloudwatch delete-alarms --alarm-names {name}"
_QUEUE_URL = "https://sqs.{region}.amazonaws.com/{account}/{name}"
_POLICY_ARN = "arn:aws:iam::{account}:policy/{name}"
_TOPIC_ARN = "arn:aws:sns:{region}:{account}:{name}"
KINDS: Mapping[str, _Kind] = {
    "aws:budgets/budget:Budget": _Kind(
        "aws budgets delete-budget --account-id {account} --budget-name {name}", "{account}:{name}"
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": _Kind(
        "aws cloudwatch delete-alarms --alarm-names {name}"
    ),
    "aws:cloudwatch/dashboard:Dashboard": _Kind("aws cloudwatch delete-dashboards --dashboard-names {name}"),
    "aws:cloudwatch/eventBus:EventBus": _Kind("aws events delete-event-bus --name {name}"),
    "aws:cloudwatch/logGroup:LogGroup": _Kind("aws logs delete-log-group --log-group-name {name}"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _Kind(_DELETE_ALARM),
    "aws:dynamodb/table:Table": _Kind("aws dynamodb delete-table --table-name {name}"),
    "aws:iam/policy:Policy": _Kind(f"aws iam delete-policy --policy-arn {_POLICY_ARN}", _POLICY_ARN),
    "aws:iam/role:Role": _Kind("aws iam delete-role --role-name {name}"),
    "aws:kms/alias:Alias": _Kind("aws kms delete-alias --alias-name {name}"),
    "aws:lambda/function:Function": _Kind("aws lambda delete-function --function-name {name}"),
    "aws:pipes/pipe:Pipe": _Kind("aws pipes delete-pipe --name {name}"),
    "aws:s3/bucket:Bucket": _Kind("aws s3api delete-bucket --bucket {name}"),
    "aws:s3/bucketV2:BucketV2": _Kind("aws s3api delete-bucket --bucket {name}"),
    "aws:sns/topic:Topic": _Kind(f"aws sns delete-topic --topic-arn {_TOPIC_ARN}", _TOPIC_ARN),
    "aws:sqs/queue:Queue": _Kind(f"aws sqs delete-queue --queue-url {_QUEUE_URL}", _QUEUE_URL),
}


def already_exists(message: str) -> bool:
    """Whether the provider's message says that AWS has a resource of that name."""
    return bool(_EXISTS.search(message) and _CREATING.search(message))


@dataclass(frozen=True)
class Existing:
    """A resource of a layer that AWS has already. `name` is AWS's, empty if the message does not give it."""

    layer: str
    type: str
    resource: str
    name: str
    parent: str = ""

    @classmethod
    def of(cls, layer: str, urn: str, message: str, *, parent: str = "", name: str = "") -> "Existing":
        """`urn` and `parent` are Pulumi's; `name` is the one that the program gives, if it does."""
        _, _, types, resource = urn.split("::")
        match = _NAME.search(message)
        return cls(layer, types.split("$")[-1], resource, name or (match["name"] if match else ""), parent)

    @property
    def message(self) -> str:
        """What is wrong."""
        named = f" as '{self.name}'" if self.name else ""
        return (
            f"{self.layer}: {self.resource} ({self.type}) exists already in AWS{named},"
            " and is not part of the stack."
        )

    def hint(self, environment: Environment) -> str:
        """The commands that import and delete it."""
        kind, places = KINDS.get(self.type), _places(environment)
        name = self.name or "NAME"
        identity = (kind.id if kind else "{name}").format(name=name, **places)
        parts = [f"To import it: {self._import_command(environment, identity)}"]
        if kind:
            lost = f" ({STATEFUL_TYPES[self.type]})" if self.type in STATEFUL_TYPES else ""
            parts.append(f"to delete it{lost}: {kind.delete.format(name=quote(name), **places)}")
        # A semicolon does no harm at the end of a command that is copied.
        return "; ".join(parts)

    def _import_command(self, environment: Environment, identity: str) -> str:
        # Without its parent it would be another resource than the program's.
        parent = f" --parent {quote('parent=' + self.parent)}" if self.parent else ""
        return (
            f'eval "$(invoke env --env {environment.name})" && pulumi import -C stacks/{self.layer}'
            f" -s {environment.name} {self.type} {quote(self.resource)} {quote(identity)}{parent}"
            " --protect=false --generate-code=false"
        )


def _places(environment: Environment) -> dict[str, str]:
    try:
        account = account_of(environment)
    except UserError:
        return {"account": "000000000000", "region": "us-east-1"}
    return {"account": account.id, "region": account.region}
