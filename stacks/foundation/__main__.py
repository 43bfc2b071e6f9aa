"""The layer foundation: keys, alarm topic, private network, boundaries, code signing, deploy roles."""

from shared import contracts, projects
from shared.arns import Arns
from shared.configuration import load_settings
from shared.names import Names
from shared.tags import tag_resources
from stacks.foundation.boundaries import Boundaries, BoundariesArgs
from stacks.foundation.code_signing import CodeSigning, CodeSigningArgs
from stacks.foundation.deploy_roles.roles import DeployRoles, DeployRolesArgs
from stacks.foundation.endpoints import Endpoints, EndpointsArgs
from stacks.foundation.foundation_outputs import collect_outputs
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
signing = CodeSigning("signing", CodeSigningArgs(names=arns.names, enabled=settings.code_signing))
DeployRoles(
    "deploy",
    DeployRolesArgs(arns=arns, keys=keys, network=network, signing=signing, repository=settings.repository),
)

contracts.export_outputs(collect_outputs(keys, operations, network, boundaries, signing))
