"""The names of AWS resources. Layers use each other's names to write ARNs before a resource exists.

A name does not contain the environment, because each environment has its own AWS account. Teams that share an
account set a suffix.
"""

from dataclasses import dataclass

FUNCTIONS = ("api", "fraud", "labels", "merchants", "notify")
# The purpose of the role that API Gateway writes logs with.
GATEWAY_LOGS = "api-gateway-logs"
# The purpose of the boundary of consumers' roles. The purpose of such a role is `consumer-<name>`.
CONSUMER = "consumer"
# The stage of the API.
API_STAGE = "v1"
# The log group that API Gateway writes to when its logging role is set. AWS sets the name.
WELCOME_LOG_GROUP = "/aws/apigateway/welcome"
# The folder of the packages that are signed, in the bucket of Pulumi's state.
PACKAGES = "packages"
# The purpose of CI's read-only role, for previews of pull requests and drift detection.
READER = "read"


def deploy_role_purpose(layer: str) -> str:
    """The purpose of a layer's deploy role."""
    return f"deploy-{layer}"


def consumer_role_purpose(consumer: str) -> str:
    """The purpose of the role of a consumer of the API."""
    return f"{CONSUMER}-{consumer}"


@dataclass(frozen=True)
class Names:
    """The names that stacks set. `suffix`: the setting nameSuffix, or empty."""

    suffix: str = ""

    def _with_suffix(self, name: str) -> str:
        return f"{name}-{self.suffix}" if self.suffix else name

    @property
    def transactions_table(self) -> str:
        return self._with_suffix("transactions")

    @property
    def profiles_table(self) -> str:
        return self._with_suffix("profiles")

    @property
    def suspicious_queue(self) -> str:
        return self._with_suffix("suspicious")

    @property
    def suspicious_dlq(self) -> str:
        return self._with_suffix("suspicious-dlq")

    @property
    def alerts_topic(self) -> str:
        return self._with_suffix("fraud-alerts")

    @property
    def bus(self) -> str:
        return self._with_suffix("fraud-transactions")

    @property
    def rule(self) -> str:
        return self._with_suffix("transaction-inserted")

    @property
    def pipe(self) -> str:
        return self._with_suffix("transactions-to-bus")

    @property
    def retry_queue(self) -> str:
        """The queue that delivers failed events to the fraud function again."""
        return self._with_suffix("fraud-retry")

    def failure_queue(self, hop: str) -> str:
        """The failure queue of one hop: `pipe`, `events` or `fraud`."""
        return self._with_suffix(f"{hop}-failures")

    @property
    def api(self) -> str:
        return self._with_suffix("fraud-transactions")

    @property
    def sampling_rule(self) -> str:
        """The rule for X-Ray traces of the API. AWS allows 32 characters."""
        return self._with_suffix("fraud-api-traces")

    def function(self, function: str) -> str:
        """The name of a function and of its role."""
        return self.role(function)

    def role(self, purpose: str) -> str:
        """The role of a function or of another part of the pipeline."""
        return self._with_suffix(f"fraud-pipeline-{purpose}")

    def boundary(self, purpose: str) -> str:
        """The permissions boundary of the role with that purpose."""
        return self._with_suffix(f"fraud-pipeline-{purpose}-boundary")

    def function_log_group(self, function: str) -> str:
        return f"/aws/lambda/{self.function(function)}"

    @property
    def operations_topic(self) -> str:
        """The topic that alarms are published to."""
        return self._with_suffix("fraud-operations")

    @property
    def key_state_rule(self) -> str:
        """The rule on the default bus for keys that are disabled or scheduled for deletion."""
        return self._with_suffix("fraud-key-state")

    @property
    def budget(self) -> str:
        return self._with_suffix("fraud-pipeline")

    def alarm(self, layer: str, name: str) -> str:
        """An alarm or a dashboard of a layer."""
        return self._with_suffix(f"fraud-pipeline-{layer}-{name}")

    @property
    def access_log_group(self) -> str:
        return f"/aws/apigateway/{self.api}"

    @property
    def firewall(self) -> str:
        """The web ACL of the API."""
        return self.api

    @property
    def firewall_log_group(self) -> str:
        """The log of the web ACL. AWS WAF requires the prefix."""
        return f"aws-waf-logs-{self.api}"

    def key_alias(self, purpose: str) -> str:
        return f"alias/{self._with_suffix(f'fraud-{purpose}')}"

    @property
    def state_key_alias(self) -> str:
        """The key of Pulumi's state and its secrets, which `invoke bootstrap` creates."""
        return f"alias/{self._with_suffix('fraud-pipeline-state')}"

    def state_bucket(self, account: str, region: str) -> str:
        """The bucket of Pulumi's state, which `invoke bootstrap` creates. Its name is globally unique."""
        return self._with_suffix(f"fraud-pipeline-state-{account}-{region}")

    @property
    def signing_profile_prefix(self) -> str:
        """The beginning of the name of the signing profile, in which AWS Signer allows no hyphens."""
        return f"{self._with_suffix('fraud-pipeline')}-".replace("-", "_")

    @property
    def log_groups(self) -> tuple[str, ...]:
        """Every log group of the pipeline."""
        functions = (self.function_log_group(function) for function in FUNCTIONS)
        return (*functions, self.access_log_group, self.firewall_log_group)
