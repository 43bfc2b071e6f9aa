"""The AWS resources that each layer owns: by name or, where AWS generates the IDs, by the tag `layer`.

A layer's deploy role may deploy the resources listed here and no others. The list belongs to foundation, so
that no team can widen its own role. Functions, their roles and log groups follow from shared/projects.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.arns import Arns
from shared.names import API_STAGE, CONSUMER, GATEWAY_LOGS, WELCOME_LOG_GROUP
from shared.permissions import WRITE_WITH_KEY
from shared.projects import DATA, EDGE, FOUNDATION, PROCESSING, Project
from shared.wildcards import Conditions

KEYS = ("data", "profiles", "function", "logs", "failures", "operations")
HOPS = ("pipe", "events", "fraud")

_QUEUE = ("sqs/queue:Queue", "sqs/queuePolicy:QueuePolicy", "sqs/redriveAllowPolicy:RedriveAllowPolicy")
_TOPIC = ("sns/topic:Topic", "sns/topicPolicy:TopicPolicy", "sns/topicSubscription:TopicSubscription")
_RULE = ("cloudwatch/eventRule:EventRule", "cloudwatch/eventTarget:EventTarget")
_FUNCTION = ("lambda/function:Function", "lambda/permission:Permission")
_API = (
    "apigateway/deployment:Deployment",
    "apigateway/integration:Integration",
    "apigateway/method:Method",
    "apigateway/methodSettings:MethodSettings",
    "apigateway/model:Model",
    "apigateway/requestValidator:RequestValidator",
    "apigateway/resource:Resource",
    "apigateway/response:Response",
    "apigateway/restApi:RestApi",
    "apigateway/restApiPolicy:RestApiPolicy",
    "apigateway/stage:Stage",
)
_NETWORK = (
    "ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "ec2/routeTable:RouteTable",
    "ec2/routeTableAssociation:RouteTableAssociation",
    "ec2/securityGroup:SecurityGroup",
    "ec2/subnet:Subnet",
    "ec2/vpc:Vpc",
    "ec2/vpcEndpoint:VpcEndpoint",
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
)
# The actions of a deployment with the key of environment variables.
_ENCRYPT_ENVIRONMENT = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
_NETWORK_ARNS = ("route-table", "security-group", "security-group-rule", "subnet", "vpc", "vpc-endpoint")


@dataclass(frozen=True, kw_only=True)
class ResourceGroup:
    """Resources of some types, with their ARNs.

    `read_arns`: the resources that AWS checks reads against, if not `arns`. `tagged`: AWS generates the IDs,
    `arns` are patterns, and the tag `layer` names the owner. `create_arns`: the resources that AWS checks
    creation against, if not `arns`; the new resource must then get the tag. `create_conditions`: further
    conditions on creation. `claim_arns`: the resources that AWS checks the first tags of a new resource
    against, if not `arns`. `kinds`: the kinds of actions on named resources.
    """

    name: str
    types: Sequence[str]
    arns: Sequence[str]
    read_arns: Sequence[str] = ()
    tagged: bool = False
    create_arns: Sequence[str] = ()
    create_conditions: Conditions = field(default_factory=dict)
    claim_arns: Sequence[str] = ()
    kinds: Sequence[str] = ("create", "update", "read")


@dataclass(frozen=True, kw_only=True)
class KeyUse:
    """A key, by purpose, and the service through which a deployment uses it.

    `grants`: the service continues to use the key through a grant that the deployment creates. `to_read`:
    reading the configuration of the service needs the key too. `actions`: the uses of the key.
    """

    purpose: str
    service: str
    grants: bool
    to_read: bool
    actions: Sequence[str] = WRITE_WITH_KEY


@dataclass(frozen=True, kw_only=True)
class OwnedResources:
    """The resources of one layer.

    `roles`: the service that each role is for, by the purpose of the role. `role_families`: purposes that
    begin those of roles for callers outside of the pipeline, whose number is a setting. A family has one
    boundary, with its own purpose. `function_types`: the types of the layer's functions.
    """

    groups: Sequence[ResourceGroup] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    role_families: Sequence[str] = ()
    function_types: Sequence[str] = _FUNCTION
    keys: Sequence[KeyUse] = ()


def find_owned_resources(project: Project, arns: Arns, *, code_signing: bool = False) -> OwnedResources:
    """The resources of a layer. A layer that is not listed owns its functions, alarms and dashboards."""
    list_resources = _RESOURCES_BY_LAYER.get(project.layer)
    listed = list_resources(arns) if list_resources else OwnedResources()
    signing = _signing_groups(arns) if code_signing and project == FOUNDATION else []
    groups = [*listed.groups, *signing, *_monitoring_groups(project, arns)]
    if not project.functions:
        return replace(listed, groups=groups)
    return replace(
        listed,
        groups=[*groups, *_function_groups(project.functions, listed.function_types, arns)],
        roles={**listed.roles, **dict.fromkeys(project.functions, "lambda")},
        keys=[
            *listed.keys,
            KeyUse(
                purpose="function",
                service="lambda",
                grants=True,
                to_read=True,
                actions=_ENCRYPT_ENVIRONMENT,
            ),
        ],
    )


def find_layers_with_tagged_resources(projects: Iterable[Project], arns: Arns) -> list[str]:
    """The layers that own resources with generated IDs, which only the tag `layer` identifies."""
    return [
        project.layer
        for project in projects
        if any(group.tagged for group in find_owned_resources(project, arns).groups)
    ]


def has_listed_resources(project: Project) -> bool:
    """Whether this module lists resources of the layer besides functions, alarms and dashboards."""
    return project.layer in _RESOURCES_BY_LAYER


def _monitoring_groups(project: Project, arns: Arns) -> list[ResourceGroup]:
    """Alarms and dashboards, whose names begin with the name of the layer.

    Foundation has alarms without a metric only. Composite alarms are over service levels of functions.
    """
    if project == FOUNDATION:
        return []
    alarms = [arns.alarms(project.layer)]
    composites = ResourceGroup(
        name="Composites",
        types=["cloudwatch/compositeAlarm:CompositeAlarm"],
        arns=alarms,
        create_arns=["*"],
    )
    return [
        ResourceGroup(name="Alarms", types=["cloudwatch/metricAlarm:MetricAlarm"], arns=alarms),
        *([composites] if project.functions else []),
        ResourceGroup(
            name="Dashboards",
            types=["cloudwatch/dashboard:Dashboard"],
            arns=[arns.dashboards(project.layer)],
        ),
    ]


def _signing_groups(arns: Arns) -> list[ResourceGroup]:
    return [
        ResourceGroup(
            name="SigningProfiles",
            types=["signer/signingProfile:SigningProfile"],
            arns=[arns.signing_profiles],
            create_arns=["*"],
        ),
        ResourceGroup(
            name="SigningConfigs",
            types=["lambda/codeSigningConfig:CodeSigningConfig"],
            arns=[arns.regional("lambda", "code-signing-config:*")],
            tagged=True,
            create_arns=["*"],
        ),
    ]


def _function_groups(functions: Sequence[str], types: Sequence[str], arns: Arns) -> list[ResourceGroup]:
    log_groups = [arns.names.function_log_group(name) for name in functions]
    return [
        ResourceGroup(name="Functions", types=types, arns=[arns.function(name) for name in functions]),
        _log_group_resources("Logs", arns, *log_groups),
    ]


def _log_group_resources(name: str, arns: Arns, *log_groups: str) -> ResourceGroup:
    # Tag actions use the ARN of a log group without ':*', the other actions use it with ':*'.
    plain = [arns.log_group(name) for name in log_groups]
    both = [*plain, *(f"{arn}:*" for arn in plain)]
    return ResourceGroup(name=name, types=["cloudwatch/logGroup:LogGroup"], arns=both, read_arns=plain)


def _foundation_resources(arns: Arns) -> OwnedResources:
    aliases = [arns.regional("kms", arns.names.key_alias(purpose)) for purpose in KEYS]
    key_types = ["kms/key:Key", "kms/alias:Alias"]
    network = [arns.regional("ec2", f"{kind}/*") for kind in _NETWORK_ARNS]
    return OwnedResources(
        groups=[
            ResourceGroup(
                name="Keys",
                types=key_types,
                arns=[arns.regional("kms", "key/*")],
                tagged=True,
                create_arns=["*"],
            ),
            ResourceGroup(name="Aliases", types=["kms/alias:Alias"], arns=aliases),
            ResourceGroup(
                name="Network",
                types=_NETWORK,
                arns=network,
                # AWS does not check the other Describe actions against a resource.
                read_arns=[arns.regional("ec2", "vpc/*")],
                tagged=True,
            ),
            ResourceGroup(name="OperationsTopic", types=_TOPIC, arns=[arns.operations_topic]),
            ResourceGroup(name="KeyStateRule", types=_RULE, arns=[arns.key_state_rule]),
            ResourceGroup(name="Budget", types=["budgets/budget:Budget"], arns=[arns.budget]),
        ]
    )


def _data_resources(arns: Arns) -> OwnedResources:
    return OwnedResources(
        groups=[
            ResourceGroup(
                name="Tables",
                types=["dynamodb/table:Table"],
                arns=[arns.transactions_table, arns.profiles_table],
            ),
            ResourceGroup(name="Queues", types=_QUEUE, arns=[arns.suspicious_queue, arns.suspicious_dlq]),
            ResourceGroup(name="Topic", types=_TOPIC, arns=[arns.alerts_topic]),
        ],
        keys=[
            KeyUse(purpose=purpose, service="dynamodb", grants=True, to_read=False)
            for purpose in ("data", "profiles")
        ],
    )


def _processing_resources(arns: Arns) -> OwnedResources:
    return OwnedResources(
        groups=[
            ResourceGroup(name="Bus", types=["cloudwatch/eventBus:EventBus"], arns=[arns.bus]),
            ResourceGroup(name="Rule", types=_RULE, arns=[arns.rule]),
            ResourceGroup(
                name="Queues",
                types=_QUEUE,
                arns=[*(arns.failure_queue(hop) for hop in HOPS), arns.retry_queue],
            ),
            ResourceGroup(name="Pipe", types=["pipes/pipe:Pipe"], arns=[arns.pipe]),
            ResourceGroup(
                name="Mappings",
                types=["lambda/eventSourceMapping:EventSourceMapping"],
                arns=[arns.regional("lambda", "event-source-mapping:*")],
                tagged=True,
                create_arns=["*"],
                create_conditions={
                    "ArnEquals": {
                        "lambda:FunctionArn": [arns.function(name) for name in PROCESSING.functions]
                    }
                },
            ),
        ],
        roles={"pipe": "pipes"},
        function_types=(*_FUNCTION, "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"),
        # EventBridge encrypts the patterns and targets of the rules of a bus.
        keys=[KeyUse(purpose="data", service="events", grants=False, to_read=True)],
    )


def _edge_resources(arns: Arns) -> OwnedResources:
    gateway = f"arn:{arns.partition}:apigateway:{arns.region}::"
    return OwnedResources(
        groups=[
            ResourceGroup(
                name="Api",
                types=_API,
                arns=[f"{gateway}/restapis/*", f"{gateway}/tags/*"],
                tagged=True,
                create_arns=[f"{gateway}/restapis"],
                claim_arns=[f"{gateway}/tags/*"],
            ),
            ResourceGroup(name="Account", types=["apigateway/account:Account"], arns=[f"{gateway}/account"]),
            ResourceGroup(
                name="TraceSampling",
                types=["xray/samplingRule:SamplingRule"],
                arns=[arns.sampling_rule],
            ),
            ResourceGroup(
                name="Firewall",
                types=["wafv2/webAcl:WebAcl", "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"],
                arns=[arns.firewall],
            ),
            ResourceGroup(
                name="FirewallRules",
                types=["wafv2/webAcl:WebAcl"],
                kinds=["create"],
                arns=[arns.managed_rules],
                read_arns=[arns.firewall],
            ),
            # The condition on the tag is that of API Gateway's own action, because AWS WAF has none for it.
            ResourceGroup(
                name="FirewallOfStage",
                types=["wafv2/webAclAssociation:WebAclAssociation"],
                arns=[f"{gateway}/restapis/*/stages/{API_STAGE}"],
            ),
            _log_group_resources(
                "AccessLogs",
                arns,
                arns.names.access_log_group,
                arns.names.firewall_log_group,
                WELCOME_LOG_GROUP,
            ),
        ],
        roles={GATEWAY_LOGS: "apigateway"},
        role_families=[CONSUMER],
    )


_RESOURCES_BY_LAYER: Mapping[str, Callable[[Arns], OwnedResources]] = {
    FOUNDATION.layer: _foundation_resources,
    DATA.layer: _data_resources,
    PROCESSING.layer: _processing_resources,
    EDGE.layer: _edge_resources,
}
