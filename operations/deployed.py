"""Outputs, credentials and AWS clients of a deployed environment."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import yaml
from botocore.credentials import Credentials

from local.endpoint import EmulatorEndpoint
from operations.api_target import ApiTarget, move_to_endpoint
from orchestration import layers, local_aws
from orchestration.environments import Environment
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.errors import LayerError
from orchestration.session import EnvironmentSession
from shared.contracts import (
    Contract,
    ContractError,
    DataOutputs,
    EdgeOutputs,
    ProcessingOutputs,
    read_outputs,
    require_string,
)
from terminal.aws_errors import translate_aws_errors
from terminal.command_line import command_line
from terminal.errors import CredentialsError, UserError
from terminal.progress import show_activity

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_pipes import EventBridgePipesClient
    from mypy_boto3_sqs import SQSClient

C = TypeVar("C", bound=Contract)


@dataclass(frozen=True)
class DeployedPipeline:
    """The pipeline of one environment. Outputs and clients are created on first use."""

    environment: Environment
    engine: Engine = field(repr=False)
    # By layer name. Reading the outputs of a layer takes one run of the Pulumi CLI.
    _outputs: dict[str, Mapping[str, Any] | None] = field(default_factory=dict, repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_session(cls, session: EnvironmentSession) -> "DeployedPipeline":
        """Open the pipeline of a session's environment; starts the embedded AWS if it is local."""
        session.check_settings([layers.find_layer("edge"), layers.find_layer("processing")])
        engine = session.open_reading_engine()
        if session.is_local:
            local_aws.start_emulator(session.environment)
        return cls(session.environment, engine)

    @cached_property
    def endpoint(self) -> EmulatorEndpoint | None:
        """The embedded AWS; None for an AWS account."""
        return local_aws.find_running_emulator(self.environment) if self.environment.is_local else None

    @cached_property
    def stack_states(self) -> list[Mapping[str, Any]]:
        """The state of each layer's stack."""
        with ThreadPoolExecutor() as threads:
            return list(threads.map(self.engine.export_deployment, layers.LAYERS))

    @cached_property
    def region(self) -> str:
        """The region of the API, from the settings of the layer `edge`."""
        path = self.environment.settings_file("edge")
        return str(yaml.safe_load(path.read_text())["config"]["aws:region"])

    def outputs(self, contract: type[C]) -> C:
        """Read the outputs of the contract's layer. Raises LayerError if the layer is not deployed."""
        layer = layers.find_layer(contract.producer.layer)
        deploy = command_line("deploy", env=self.environment.name, layer=layer.name)
        outputs = self._layer_outputs(contract)
        if not outputs:
            message = f"The layer '{layer.name}' is not deployed in '{self.environment.name}'."
            raise LayerError(message, f"Deploy it: {deploy}")
        try:
            return read_outputs(contract, outputs)
        except ContractError as error:
            raise LayerError(f"{error}.", f"Deploy it: {deploy}") from error

    def transactions_target(self) -> ApiTarget:
        """Return the URL and credentials to post transactions with."""
        return self._target(require_string(self.outputs(EdgeOutputs).api_url))

    def transactions_batch_target(self) -> ApiTarget | None:
        """Return the URL and credentials to post batches with; None if the API has no route for them."""
        url = require_string(self.outputs(EdgeOutputs).transactions_batch_url)
        return self._target(url) if url else None

    def historic_target(self) -> ApiTarget:
        """Return the URL and credentials to post batches of past transactions with.

        Raises LayerError if the API has no route for them.
        """
        url = require_string(self.outputs(EdgeOutputs).historic_url)
        if not url:
            env = self.environment.name
            deploy = command_line("deploy", env=env, layer="edge")
            raise LayerError(
                f"The API of '{env}' has no route for past transactions.",
                f"Set historicRequestsPerSecond in stacks/edge/Pulumi.{env}.yaml, and deploy it: {deploy}",
            )
        return self._target(url)

    def labels_target(self) -> ApiTarget:
        """Return the URL and credentials to post labels with."""
        return self._target(require_string(self.outputs(EdgeOutputs).labels_url))

    @property
    def transactions_table_name(self) -> str:
        """The name of the table of transactions and their decisions."""
        return require_string(self.outputs(DataOutputs).transactions_table_name)

    @property
    def profiles_table_name(self) -> str:
        """The name of the table of profiles, list entries and snoozes."""
        return require_string(self.outputs(DataOutputs).profiles_table_name)

    def table_arn(self, table: str) -> str:
        """The ARN of the table `transactions` or `profiles`. Raises UserError for another name."""
        data = self.outputs(DataOutputs)
        arns = {"transactions": data.transactions_table_arn, "profiles": data.profiles_table_arn}
        if table not in arns:
            raise UserError(f"--table: '{table}' is not a table.", f"Use one of: {', '.join(arns)}.")
        return require_string(arns[table])

    def caller_arn(self) -> str:
        """Return the ARN of the AWS identity in use."""
        with translate_aws_errors():
            return str(self.client("sts").get_caller_identity()["Arn"])

    def function_names(self) -> Mapping[str, str]:
        """Return the AWS names of the deployed functions by short name.

        Raises LayerError if no function is deployed.
        """
        names: dict[str, str] = {}
        if self._layer_outputs(EdgeOutputs):
            edge = self.outputs(EdgeOutputs)
            names["api"] = require_string(edge.api_function_name)
            names["labels"] = require_string(edge.labels_function_name)
        if self._layer_outputs(ProcessingOutputs) or not names:
            processing = self.outputs(ProcessingOutputs)
            names["fraud"] = require_string(processing.fraud_function_name)
            if processing.merchants_function_name:
                names["merchants"] = require_string(processing.merchants_function_name)
            names["notify"] = require_string(processing.notify_function_name)
        return names

    def queue_url(self, url: object) -> str:
        """Return the URL of a queue from a layer's outputs, as the clients of this environment reach it."""
        return self._reachable_url(require_string(str(url)))

    def dynamodb_client(self) -> "DynamoDBClient":
        client: DynamoDBClient = self.client("dynamodb")
        return client

    def sqs_client(self) -> "SQSClient":
        client: SQSClient = self.client("sqs")
        return client

    def events_client(self) -> "EventBridgeClient":
        client: EventBridgeClient = self.client("events")
        return client

    def streams_client(self) -> "DynamoDBStreamsClient":
        client: DynamoDBStreamsClient = self.client("dynamodbstreams")
        return client

    def pipes_client(self) -> "EventBridgePipesClient":
        client: EventBridgePipesClient = self.client("pipes")
        return client

    def logs_client(self) -> "CloudWatchLogsClient":
        client: CloudWatchLogsClient = self.client("logs")
        return client

    def client(self, service: str) -> Any:
        """Return the client of an AWS service; for the embedded AWS, as its root user."""
        if service not in self._clients:
            self._clients[service] = self._create_client(service)
        return self._clients[service]

    def _create_client(self, service: str) -> Any:
        endpoint = self.endpoint
        if endpoint is None:
            with translate_aws_errors():
                return boto3.client(service, region_name=self.region)  # type: ignore[call-overload]
        return endpoint.client(service)

    def _layer_outputs(self, contract: type[Contract]) -> Mapping[str, Any] | None:
        layer = layers.find_layer(contract.producer.layer)
        if layer.name not in self._outputs:
            with show_activity(f"Reading the outputs of {layer.name}"):
                self._outputs[layer.name] = self.engine.outputs(layer)
        return self._outputs[layer.name]

    def _target(self, url: str) -> ApiTarget:
        return ApiTarget(self._reachable_url(url), self.region, self._credentials())

    def _reachable_url(self, url: str) -> str:
        return move_to_endpoint(url, self.endpoint.url) if self.endpoint else url

    def _credentials(self) -> Credentials:
        if self.endpoint:
            root_user = self.endpoint.credentials
            return Credentials(root_user.access_key_id, root_user.secret_access_key)
        with translate_aws_errors():
            credentials = boto3.Session().get_credentials()
        if credentials is None:
            raise CredentialsError
        return credentials


def open_deployed(env: str) -> DeployedPipeline:
    """Open the deployed environment `env`. Raises UserError if the credentials are of another AWS account."""
    session = EnvironmentSession.from_name(env)
    # Resource names are the same in every account: wrong credentials would repair another environment.
    session.check_account()
    return DeployedPipeline.from_session(session)
