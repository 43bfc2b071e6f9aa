"""Connects tasks that use a deployed pipeline with its addresses, credentials and clients."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import yaml
from botocore.credentials import Credentials

from local.endpoint import Endpoint
from operations.demo.decisions import RecordedDecisions
from operations.demo.demo import Pipeline
from operations.ingest.api_client import Target, at_endpoint
from orchestration import engines, environments, layers, local_aws
from orchestration.environments import Environment
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.errors import LayerError
from shared.contracts import Contract, ContractError, DataOutputs, EdgeOutputs, ProcessingOutputs, read, text
from terminal.aws_errors import told_to_users
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_pipes import EventBridgePipesClient
    from mypy_boto3_sqs import SQSClient

C = TypeVar("C", bound=Contract)


@dataclass(frozen=True)
class Deployed:
    """What is deployed in an environment, as its users reach it."""

    environment: Environment
    engine: Engine = field(repr=False)
    # By layer; each look costs a run of the CLI.
    _outputs: dict[str, Mapping[str, Any] | None] = field(default_factory=dict, repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def in_environment(cls, environment: Environment) -> "Deployed":
        """Reads outputs when they are asked for; starts the embedded AWS where it does not run."""
        engines.check_settings(environment, [layers.find("edge"), layers.find("processing")])
        engine = engines.reading_engine(environment)
        if environment.is_local:
            local_aws.start(environment)
        return cls(environment, engine)

    @cached_property
    def endpoint(self) -> Endpoint | None:
        """The embedded AWS; None for an account."""
        return local_aws.running(self.environment) if self.environment.is_local else None

    @cached_property
    def region(self) -> str:
        """The region of the API, from the settings that it was deployed with."""
        path = self.environment.settings_file("edge")
        return str(yaml.safe_load(path.read_text())["config"]["aws:region"])

    def outputs(self, contract: type[C]) -> C:
        """The outputs of a layer; a `UserError` that says what to deploy where there are none."""
        layer = layers.find(contract.producer.layer)
        hint = f"Deploy it: invoke deploy --env {self.environment.name} --layer {layer.name}"
        found = self._outputs_of(contract)
        if not found:
            raise LayerError(f"{layer.name} is not deployed in '{self.environment.name}'.", hint)
        try:
            return read(contract, found)
        except ContractError as error:
            raise LayerError(f"{error}.", hint) from error

    def target(self) -> Target:
        """Where to post transactions, and as whom."""
        return self._target(text(self.outputs(EdgeOutputs).api_url))

    def labels_target(self) -> Target:
        """Where to post labels, and as whom."""
        return self._target(text(self.outputs(EdgeOutputs).labels_url))

    @property
    def transactions_table(self) -> str:
        """The name of the table of transactions, with what was decided of them."""
        return text(self.outputs(DataOutputs).table_name)

    @property
    def profiles_table(self) -> str:
        """The name of the table of profiles, with what people say of accounts and merchants."""
        return text(self.outputs(DataOutputs).profiles_table_name)

    def caller(self) -> str:
        """The ARN of whoever uses this, as AWS names them."""
        with told_to_users():
            return str(self.client("sts").get_caller_identity()["Arn"])

    def functions(self) -> Mapping[str, str]:
        """The names in AWS of the functions that are deployed, by their short names; at least one."""
        found: dict[str, str] = {}
        if self._outputs_of(EdgeOutputs):
            edge = self.outputs(EdgeOutputs)
            found["api"], found["labels"] = text(edge.function_name), text(edge.labels_function_name)
        if self._outputs_of(ProcessingOutputs) or not found:
            processing = self.outputs(ProcessingOutputs)
            found["fraud"] = text(processing.fraud_function_name)
            found["notify"] = text(processing.notify_function_name)
        return found

    def _outputs_of(self, contract: type[Contract]) -> Mapping[str, Any] | None:
        """What the contract's layer gives, looked up once; nothing if it is not deployed."""
        layer = layers.find(contract.producer.layer)
        if layer.name not in self._outputs:
            self._outputs[layer.name] = self.engine.outputs(layer)
        return self._outputs[layer.name]

    def dead_letters(self) -> Mapping[str, str]:
        """The URLs of the queues that keep what failed, by the hop that failed."""
        processing = self.outputs(ProcessingOutputs)
        urls = {
            "stream to bus": text(processing.pipe_failure_queue_url),
            "bus to fraud": text(processing.event_failure_queue_url),
            "fraud": text(processing.fraud_failure_queue_url),
            "notify": text(self.outputs(DataOutputs).suspicious_dlq_url),
        }
        if not self.endpoint:
            return urls
        return {name: at_endpoint(url, self.endpoint.url) for name, url in urls.items()}

    def pipeline(self) -> Pipeline:
        """Everything that the demonstration needs."""
        sqs: SQSClient = self.client("sqs")
        return Pipeline(
            target=self.target(),
            labels_target=self.labels_target(),
            mailbox=local_aws.mailbox(self.environment),
            decisions=RecordedDecisions(self.dynamodb_client(), self.transactions_table),
            sqs=sqs,
            dead_letters=self.dead_letters(),
        )

    def dynamodb_client(self) -> "DynamoDBClient":
        """A client of DynamoDB."""
        client: DynamoDBClient = self.client("dynamodb")
        return client

    def sqs_client(self) -> "SQSClient":
        """A client of SQS."""
        client: SQSClient = self.client("sqs")
        return client

    def events_client(self) -> "EventBridgeClient":
        """A client of EventBridge."""
        client: EventBridgeClient = self.client("events")
        return client

    def streams_client(self) -> "DynamoDBStreamsClient":
        """A client of DynamoDB Streams."""
        client: DynamoDBStreamsClient = self.client("dynamodbstreams")
        return client

    def pipes_client(self) -> "EventBridgePipesClient":
        """A client of EventBridge Pipes."""
        client: EventBridgePipesClient = self.client("pipes")
        return client

    def queue_url(self, url: object) -> str:
        """The address of a queue from a layer's outputs, as this environment's clients reach it."""
        address = text(str(url))
        return at_endpoint(address, self.endpoint.url) if self.endpoint else address

    def logs_client(self) -> "CloudWatchLogsClient":
        """A client of CloudWatch Logs."""
        client: CloudWatchLogsClient = self.client("logs")
        return client

    def _target(self, url: str) -> Target:
        if self.endpoint:
            url = at_endpoint(url, self.endpoint.url)
        return Target(url, self.region, self._credentials())

    def client(self, service: str) -> Any:
        """The client of an AWS service, as the user or as the root user of the embedded AWS."""
        if service not in self._clients:
            self._clients[service] = self._connect(service)
        return self._clients[service]

    def _connect(self, service: str) -> Any:
        endpoint = self.endpoint
        if endpoint is None:
            with told_to_users():
                return boto3.client(service, region_name=self.region)  # type: ignore[call-overload]
        return endpoint.client(service)

    def _credentials(self) -> Credentials:
        if self.endpoint:
            root_user = self.endpoint.credentials
            return Credentials(root_user.access_key_id, root_user.secret_access_key)
        with told_to_users():
            found = boto3.Session().get_credentials()
        if found is None:
            raise UserError("There are no AWS credentials.", "Set AWS_PROFILE, or log in with: aws sso login")
        return found


def open_deployed(env: str) -> Deployed:
    """The deployed environment `env`. Raises UserError for credentials of another AWS account."""
    environment = environments.find(env)
    # Every account has the same names: with the wrong credentials, another environment would be repaired.
    engines.check_guards(environment)
    return Deployed.in_environment(environment)
