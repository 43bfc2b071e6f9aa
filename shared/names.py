"""Physical names. Layers know each other's names where ARNs must be written before the resource exists.

An environment is an AWS account, so a name carries no environment; teams that share an account set a suffix.
"""

from dataclasses import dataclass

FUNCTIONS = ("api", "fraud", "labels", "notify")
# The purpose of the role that API Gateway logs with.
GATEWAY_LOGS = "api-gateway-logs"
# The log group that API Gateway writes to when it gets a logging role. AWS fixes the name.
WELCOME_LOG_GROUP = "/aws/apigateway/welcome"
# The purpose of the role that CI looks with: previews of pull requests, and drift.
READER = "read"


def deployer(layer: str) -> str:
    """The purpose of the role that CI deploys a layer with."""
    return f"deploy-{layer}"


@dataclass(frozen=True)
class Names:
    """Every name that a stack fixes; `suffix` is the setting nameSuffix, or empty."""

    suffix: str = ""

    def _with_suffix(self, name: str) -> str:
        return f"{name}-{self.suffix}" if self.suffix else name

    @property
    def table(self) -> str:
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
    def topic(self) -> str:
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
        """The queue of events that the fraud function failed on and gets again."""
        return self._with_suffix("fraud-retry")

    def failure_queue(self, hop: str) -> str:
        """The queue for what failed on one hop: `pipe`, `events` or `fraud`."""
        return self._with_suffix(f"{hop}-failures")

    @property
    def api(self) -> str:
        return self._with_suffix("fraud-transactions")

    def function(self, function: str) -> str:
        """A function, and its role."""
        return self.role(function)

    def role(self, purpose: str) -> str:
        """The role of a function, or of another part of the pipeline."""
        return self._with_suffix(f"fraud-pipeline-{purpose}")

    def boundary(self, purpose: str) -> str:
        """What the role of that purpose may do at most."""
        return self._with_suffix(f"fraud-pipeline-{purpose}-boundary")

    def function_log_group(self, function: str) -> str:
        return f"/aws/lambda/{self.function(function)}"

    @property
    def operations_topic(self) -> str:
        """The topic of alarms."""
        return self._with_suffix("fraud-operations")

    @property
    def key_state_rule(self) -> str:
        """The rule for keys that are disabled or scheduled for deletion, on the account's default bus."""
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

    def key_alias(self, purpose: str) -> str:
        return f"alias/{self._with_suffix(f'fraud-{purpose}')}"

    @property
    def state_key_alias(self) -> str:
        """The key of Pulumi's state and of the secrets in it, which `invoke bootstrap` makes."""
        return f"alias/{self._with_suffix('fraud-pipeline-state')}"

    def state_bucket(self, account: str, region: str) -> str:
        """The bucket of Pulumi's state, which `invoke bootstrap` makes; its name is the world's only such."""
        return self._with_suffix(f"fraud-pipeline-state-{account}-{region}")

    @property
    def log_groups(self) -> tuple[str, ...]:
        """Every log group of the pipeline."""
        return (*(self.function_log_group(function) for function in FUNCTIONS), self.access_log_group)
