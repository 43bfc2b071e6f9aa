"""ARNs built from names, for policies on resources of other layers or resources that do not exist yet."""

from dataclasses import dataclass

import pulumi_aws as aws

from shared.names import API_STAGE, Names

# The issuer of workflow identities. `invoke bootstrap` creates the OIDC provider for it.
GITHUB = "token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Arns:
    """The ARNs of one account and region."""

    partition: str
    account_id: str
    region: str
    names: Names

    @classmethod
    def from_caller(cls, names: Names) -> "Arns":
        """The ARNs of the account and region that the running program deploys to."""
        return cls(
            partition=aws.get_partition().partition,
            account_id=aws.get_caller_identity().account_id,
            region=aws.get_region().region,
            names=names,
        )

    def regional(self, service: str, resource: str) -> str:
        """`arn:<partition>:<service>:<region>:<account>:<resource>`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    @property
    def account_root(self) -> str:
        """The account as a principal: every identity that an IAM policy of the account allows."""
        return self.iam("root")

    @property
    def github(self) -> str:
        """The OIDC provider for GitHub."""
        return self.iam(f"oidc-provider/{GITHUB}")

    @property
    def transactions_table(self) -> str:
        return self.regional("dynamodb", f"table/{self.names.transactions_table}")

    @property
    def profiles_table(self) -> str:
        return self.regional("dynamodb", f"table/{self.names.profiles_table}")

    @property
    def any_stream(self) -> str:
        """All streams of the transactions table. AWS names a stream by its creation time."""
        return f"{self.transactions_table}/stream/*"

    @property
    def signing_profiles(self) -> str:
        """All signing profiles of the pipeline. The provider adds a timestamp to their names."""
        return self.regional("signer", f"/signing-profiles/{self.names.signing_profile_prefix}*")

    @property
    def signing_jobs(self) -> str:
        """All signing jobs of the account and region. AWS Signer generates their IDs."""
        return self.regional("signer", "/signing-jobs/*")

    @property
    def suspicious_queue(self) -> str:
        return self.regional("sqs", self.names.suspicious_queue)

    @property
    def suspicious_dlq(self) -> str:
        return self.regional("sqs", self.names.suspicious_dlq)

    @property
    def retry_queue(self) -> str:
        return self.regional("sqs", self.names.retry_queue)

    def failure_queue(self, hop: str) -> str:
        return self.regional("sqs", self.names.failure_queue(hop))

    @property
    def alerts_topic(self) -> str:
        return self.regional("sns", self.names.alerts_topic)

    @property
    def bus(self) -> str:
        return self.regional("events", f"event-bus/{self.names.bus}")

    @property
    def rule(self) -> str:
        return self.regional("events", f"rule/{self.names.bus}/{self.names.rule}")

    @property
    def pipe(self) -> str:
        return self.regional("pipes", f"pipe/{self.names.pipe}")

    @property
    def sampling_rule(self) -> str:
        return self.regional("xray", f"sampling-rule/{self.names.sampling_rule}")

    @property
    def any_api_route(self) -> str:
        """All routes of the stage. API Gateway generates the ID of the API."""
        return self.regional("execute-api", f"*/{API_STAGE}/POST/*")

    @property
    def firewall(self) -> str:
        """The web ACL of the API. AWS WAF adds an ID to the name."""
        return self.regional("wafv2", f"regional/webacl/{self.names.firewall}/*")

    @property
    def managed_rules(self) -> str:
        """The managed rule groups of AWS WAF, which a web ACL refers to.

        AWS checks an ARN without a name: https://github.com/aws-samples/amazon-cloudfront-waf-secretsmanager/issues/3
        """
        return self.regional("wafv2", "regional/managedruleset/*")

    @property
    def operations_topic(self) -> str:
        return self.regional("sns", self.names.operations_topic)

    @property
    def key_state_rule(self) -> str:
        return self.regional("events", f"rule/{self.names.key_state_rule}")

    @property
    def budget(self) -> str:
        """The ARN of the budget. Budgets have no region."""
        return f"arn:{self.partition}:budgets::{self.account_id}:budget/{self.names.budget}"

    @property
    def budgets(self) -> str:
        """Every budget of the account, in the form that AWS Budgets sends as its source ARN."""
        return f"arn:{self.partition}:budgets::{self.account_id}:*"

    def alarms(self, layer: str) -> str:
        """All alarms of a layer."""
        return self.regional("cloudwatch", f"alarm:{self.names.alarm(layer, '*')}")

    def dashboards(self, layer: str) -> str:
        """All dashboards of a layer. Dashboards have no region."""
        name = self.names.alarm(layer, "*")
        return f"arn:{self.partition}:cloudwatch::{self.account_id}:dashboard/{name}"

    def function(self, function: str) -> str:
        return self.regional("lambda", f"function:{self.names.function(function)}")

    def iam(self, resource: str) -> str:
        """The ARN of an IAM resource. IAM has no region."""
        return f"arn:{self.partition}:iam::{self.account_id}:{resource}"

    def role(self, purpose: str) -> str:
        return self.iam(f"role/{self.names.role(purpose)}")

    def boundary(self, purpose: str) -> str:
        return self.iam(f"policy/{self.names.boundary(purpose)}")

    def state(self, path: str = "") -> str:
        """The bucket of Pulumi's state, or the objects at a path in it."""
        bucket = self.names.state_bucket(self.account_id, self.region)
        return f"arn:{self.partition}:s3:::{bucket}{path}"

    def function_log_group(self, function: str) -> str:
        return self.log_group(self.names.function_log_group(function))

    def log_group(self, name: str) -> str:
        return self.regional("logs", f"log-group:{name}")

    def service(self, name: str) -> str:
        """The regional DNS name of a service, as the condition key kms:ViaService uses it."""
        return f"{name}.{self.region}.amazonaws.com"
