"""ARNs written from names: for policies about resources of other layers, or that do not exist yet."""

from dataclasses import dataclass

import pulumi_aws as aws

from shared.names import Names

# Whose word on who runs a workflow AWS takes, by the provider that `invoke bootstrap` makes.
GITHUB = "token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Arns:
    """The ARNs of one account and region."""

    partition: str
    account_id: str
    region: str
    names: Names

    @classmethod
    def of_caller(cls, names: Names) -> "Arns":
        """Those of the account and region that the running program deploys to."""
        return cls(
            partition=aws.get_partition().partition,
            account_id=aws.get_caller_identity().account_id,
            region=aws.get_region().region,
            names=names,
        )

    def of(self, service: str, resource: str) -> str:
        """`arn:<partition>:<service>:<region>:<account>:<resource>`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    @property
    def account_root(self) -> str:
        """The account as a principal: whoever its IAM policies allow."""
        return self.iam("root")

    @property
    def github(self) -> str:
        """The provider of GitHub's identities."""
        return self.iam(f"oidc-provider/{GITHUB}")

    @property
    def table(self) -> str:
        return self.of("dynamodb", f"table/{self.names.table}")

    @property
    def profiles_table(self) -> str:
        return self.of("dynamodb", f"table/{self.names.profiles_table}")

    @property
    def any_stream(self) -> str:
        """The streams of the table: AWS names a stream for the time at which it was made."""
        return f"{self.table}/stream/*"

    @property
    def suspicious_queue(self) -> str:
        return self.of("sqs", self.names.suspicious_queue)

    @property
    def suspicious_dlq(self) -> str:
        return self.of("sqs", self.names.suspicious_dlq)

    @property
    def retry_queue(self) -> str:
        return self.of("sqs", self.names.retry_queue)

    def failure_queue(self, hop: str) -> str:
        return self.of("sqs", self.names.failure_queue(hop))

    @property
    def topic(self) -> str:
        return self.of("sns", self.names.topic)

    @property
    def bus(self) -> str:
        return self.of("events", f"event-bus/{self.names.bus}")

    @property
    def rule(self) -> str:
        return self.of("events", f"rule/{self.names.bus}/{self.names.rule}")

    @property
    def pipe(self) -> str:
        return self.of("pipes", f"pipe/{self.names.pipe}")

    @property
    def operations_topic(self) -> str:
        return self.of("sns", self.names.operations_topic)

    @property
    def key_state_rule(self) -> str:
        return self.of("events", f"rule/{self.names.key_state_rule}")

    @property
    def budget(self) -> str:
        """Budgets are of the account, not of a region."""
        return f"arn:{self.partition}:budgets::{self.account_id}:budget/{self.names.budget}"

    @property
    def budgets(self) -> str:
        """Every budget of the account, as AWS Budgets names its source."""
        return f"arn:{self.partition}:budgets::{self.account_id}:*"

    def alarms(self, layer: str) -> str:
        """The alarms of a layer."""
        return self.of("cloudwatch", f"alarm:{self.names.alarm(layer, '*')}")

    def dashboards(self, layer: str) -> str:
        """The dashboards of a layer: of the account, not of a region."""
        name = self.names.alarm(layer, "*")
        return f"arn:{self.partition}:cloudwatch::{self.account_id}:dashboard/{name}"

    def function(self, function: str) -> str:
        return self.of("lambda", f"function:{self.names.function(function)}")

    def iam(self, resource: str) -> str:
        """IAM is of the account, not of a region."""
        return f"arn:{self.partition}:iam::{self.account_id}:{resource}"

    def role(self, purpose: str) -> str:
        return self.iam(f"role/{self.names.role(purpose)}")

    def boundary(self, purpose: str) -> str:
        return self.iam(f"policy/{self.names.boundary(purpose)}")

    def state(self, path: str = "") -> str:
        """The bucket of Pulumi's state, or what is at a path in it."""
        bucket = self.names.state_bucket(self.account_id, self.region)
        return f"arn:{self.partition}:s3:::{bucket}{path}"

    def function_log_group(self, function: str) -> str:
        return self.log_group(self.names.function_log_group(function))

    def log_group(self, name: str) -> str:
        return self.of("logs", f"log-group:{name}")

    def service(self, name: str) -> str:
        """A service's regional DNS name, as the condition kms:ViaService has it."""
        return f"{name}.{self.region}.amazonaws.com"
