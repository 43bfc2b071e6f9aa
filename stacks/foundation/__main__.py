"""The layer foundation: keys, the alarm topic, the private network, permissions boundaries, deploy roles."""

from shared import contracts, projects
from shared.arns import Arns
from shared.configuration import load_settings
from shared.contracts import FoundationOutputs
from shared.names import Names
from shared.tags import tag_resources
from stacks.foundation.boundaries import Boundaries, BoundariesArgs
from stacks.foundation.deploy_roles.roles import DeployRoles, DeployRolesArgs
from stacks.foundation.endpoints import Endpoints, EndpointsArgs
from stacks.foundation.keys import Keys, KeysArgs
from stacks.foundation.network import Network, NetworkArgs
from stacks.foundation.operations_topic import OperationsTopic, OperationsTopicArgs
from stacks.foundation.settings import FoundationSettings

settings = load_settings(FoundationSettings)
tag_resources(projects.FOUNDATION)
arns = Arns.from_caller(Names(settings.name_suffix))

keys = Keys(
    "keys",
    KeysArgs(
        arns=arns,
        deletion_days=settings.key_deletion_days,
        deletion_protection=settings.deletion_protection,
    ),
)
operations = OperationsTopic(
    "operations",
    OperationsTopicArgs(
        arns=arns,
        key_arn=keys.operations.arn,
        email_addresses=settings.operations_emails,
        monthly_budget_usd=settings.monthly_budget_usd,
        deletion_protection=settings.deletion_protection,
    ),
)
network = Network("network", NetworkArgs(cidr=settings.vpc_cidr, zone_ids=settings.availability_zone_ids))
Endpoints("endpoints", EndpointsArgs(arns=arns, network=network))
boundaries = Boundaries("boundaries", BoundariesArgs(arns=arns, keys=keys, network=network))
DeployRoles("deploy", DeployRolesArgs(arns=arns, keys=keys, network=network, repository=settings.repository))

contracts.export_outputs(
    FoundationOutputs(
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
    )
)
