"""The settings of resources that determine their price, from the programs of the layers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.environments import Environment
from orchestration.layers import LAYERS
from orchestration.pulumi import mocked_program
from shared.names import Names
from stacks.edge.routes import TRANSACTIONS_BATCH

# The purpose of the key of alarms (stacks/foundation/keys.py), whose price is part of the price of alarms.
_ALARM_KEY = "operations"

Inputs = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class DeclaredFunction:
    """`has_system_log`: whether Lambda logs the start and the report of each successful invocation."""

    layer: str
    memory_mb: int
    is_arm: bool
    is_traced: bool
    has_system_log: bool


@dataclass(frozen=True)
class LayerResources:
    """The inputs of a layer's resources by type, such as `sqs/queue:Queue`."""

    by_type: Mapping[str, list[Inputs]] = field(default_factory=dict)

    def find(self, type_: str) -> list[Inputs]:
        return self.by_type.get(type_, [])


class DeclaredEnvironment:
    """The resources of all layers, by layer."""

    def __init__(self, layers: Mapping[str, LayerResources], names: Names) -> None:
        self.layers = layers
        self._names = names

    @classmethod
    def load(cls, environment: Environment, name_suffix: str) -> "DeclaredEnvironment":
        """Run the program of each layer without AWS. Raises LayerError."""
        declared = {
            layer.name: mocked_program.list_declared_resources(environment, layer) for layer in LAYERS
        }
        return cls.from_resources(declared, Names(name_suffix))

    @classmethod
    def from_resources(
        cls, resources: Mapping[str, Iterable[tuple[str, Inputs]]], names: Names
    ) -> "DeclaredEnvironment":
        """Collect the type and the inputs of each resource, by layer."""
        return cls(
            {layer: LayerResources(_group_by_type(entries)) for layer, entries in resources.items()}, names
        )

    def find(self, type_: str) -> list[Inputs]:
        """The inputs of all resources of a type."""
        return [inputs for layer in self.layers.values() for inputs in layer.find(type_)]

    @property
    def functions(self) -> dict[str, DeclaredFunction]:
        """The functions by the name of their folder."""
        return {
            inputs["handler"].split(".")[1]: _read_function(layer, inputs)
            for layer, resources in self.layers.items()
            for inputs in resources.find("lambda/function:Function")
        }

    @property
    def alarm_keys(self) -> int:
        """The number of keys that exist for alarms only."""
        alias = self._names.key_alias(_ALARM_KEY)
        return sum(inputs["name"] == alias for inputs in self.find("kms/alias:Alias"))

    @property
    def is_api_traced(self) -> bool:
        return any(stage.get("xrayTracingEnabled") for stage in self.find("apigateway/stage:Stage"))

    @property
    def has_batch_route(self) -> bool:
        """Whether the API has a route for batches."""
        paths = {resource.get("pathPart") for resource in self.find("apigateway/resource:Resource")}
        return TRANSACTIONS_BATCH.path_part in paths

    @property
    def web_acls(self) -> list[Inputs]:
        """The web ACLs that inspect the requests of the API."""
        return self.find("wafv2/webAcl:WebAcl")

    @property
    def access_log_format(self) -> str:
        """The format of a line in the access log, or empty without one."""
        settings = [stage.get("accessLogSettings") or {} for stage in self.find("apigateway/stage:Stage")]
        return "".join(entry.get("format", "") for entry in settings)

    @property
    def detailed_methods(self) -> int:
        """The number of methods with metrics of their own."""
        settings = self.find("apigateway/methodSettings:MethodSettings")
        detailed = [entry["methodPath"] for entry in settings if entry["settings"].get("metricsEnabled")]
        return len(self.find("apigateway/method:Method") if "*/*" in detailed else detailed)

    @property
    def log_retention_days(self) -> int:
        """The longest retention of a log group."""
        groups = self.find("cloudwatch/logGroup:LogGroup")
        return max((int(group["retentionInDays"]) for group in groups), default=0)

    @property
    def mail_addresses(self) -> int:
        """The number of mail addresses that get alerts on transactions."""
        return len(self.layers["data"].find("sns/topicSubscription:TopicSubscription"))

    @property
    def stream_shards(self) -> int:
        """The least number of open shards of the stream: one for each partition of 1000 write units."""
        return max(
            (
                -(-int((table.get("warmThroughput") or {}).get("writeUnitsPerSecond", 4_000)) // 1_000)
                for table in self.find("dynamodb/table:Table")
                if table["streamEnabled"]
            ),
            default=1,
        )

    @property
    def merchant_window(self) -> tuple[float, int]:
        """The seconds and the records in which the function `merchants` gathers a batch of the stream."""
        mappings = [
            mapping
            for mapping in self.find("lambda/eventSourceMapping:EventSourceMapping")
            if "maximumBatchingWindowInSeconds" in mapping and mapping.get("startingPosition")
        ]
        if not mappings:
            return 0, 1
        return mappings[0]["maximumBatchingWindowInSeconds"], int(mappings[0]["batchSize"])

    @property
    def sampling_rule(self) -> tuple[float, float] | None:
        """The requests a second that a rule always traces, and the traced share of further ones."""
        rules = self.find("xray/samplingRule:SamplingRule")
        return (rules[0]["reservoirSize"], rules[0]["fixedRate"]) if rules else None

    def has_recovery(self, table: str) -> bool:
        """Whether the table `transactions` or `profiles` has point-in-time recovery."""
        names = {
            "transactions": self._names.transactions_table,
            "profiles": self._names.profiles_table,
        }
        return any(
            (inputs.get("pointInTimeRecovery") or {}).get("enabled", False)
            for inputs in self.find("dynamodb/table:Table")
            if inputs["name"] == names[table]
        )


def _group_by_type(entries: Iterable[tuple[str, Inputs]]) -> dict[str, list[Inputs]]:
    grouped: dict[str, list[Inputs]] = {}
    for type_, inputs in entries:
        grouped.setdefault(type_.removeprefix("aws:"), []).append(inputs)
    return grouped


def _read_function(layer: str, inputs: Inputs) -> DeclaredFunction:
    logging = inputs.get("loggingConfig") or {}
    return DeclaredFunction(
        layer=layer,
        memory_mb=int(inputs["memorySize"]),
        is_arm=inputs["architectures"] == ["arm64"],
        is_traced=(inputs.get("tracingConfig") or {}).get("mode") == "Active",
        has_system_log=logging.get("systemLogLevel", "INFO") in ("INFO", "DEBUG"),
    )
