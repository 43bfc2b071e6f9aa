"""The outputs of the layer foundation."""

from shared.contracts import FoundationOutputs
from stacks.foundation.boundaries import Boundaries
from stacks.foundation.code_signing import CodeSigning
from stacks.foundation.keys import Keys
from stacks.foundation.network import Network
from stacks.foundation.operations_topic import OperationsTopic


def collect_outputs(
    keys: Keys, operations: OperationsTopic, network: Network, boundaries: Boundaries, signing: CodeSigning
) -> FoundationOutputs:
    """The values of the contract."""
    return FoundationOutputs(
        data_key_arn=keys.data.arn,
        profiles_key_arn=keys.profiles.arn,
        function_key_arn=keys.function.arn,
        logs_key_arn=keys.logs.arn,
        failures_key_arn=keys.failures.arn,
        operations_topic_arn=operations.topic.arn,
        vpc_id=network.vpc.id,
        private_subnet_ids=network.subnet_ids,
        function_security_group_id=network.function_security_group.id,
        api_boundary_arn=boundaries.api.arn,
        fraud_boundary_arn=boundaries.fraud.arn,
        labels_boundary_arn=boundaries.labels.arn,
        merchants_boundary_arn=boundaries.merchants.arn,
        notify_boundary_arn=boundaries.notify.arn,
        pipe_boundary_arn=boundaries.pipe.arn,
        gateway_logs_boundary_arn=boundaries.gateway_logs.arn,
        consumer_boundary_arn=boundaries.consumer.arn,
        signing_profile_name=signing.profile_name,
        code_signing_config_arn=signing.config_arn,
    )
