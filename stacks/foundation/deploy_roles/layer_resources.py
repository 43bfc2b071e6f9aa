"""What each layer holds: by name or, where AWS makes up the ids, by the tag `layer`.

A layer's role may deploy what is listed here and nothing else. The list is foundation's: no team widens
its own role. Functions, with their roles and log groups, follow from shared/projects.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.arns import Arns
from shared.names import GATEWAY_LOGS, WELCOME_LOG_GROUP
from shared.projects import DATA, EDGE, FOUNDATION, PROCESSING, Project
from shared.wildcards import Conditions

KEYS = ("data", "profiles", "function", "logs", "failures", "operations")
HOPS = ("pipe", "events", "fraud")

_QUEUE = ("sqs/queue:Queue", "sqs/queuePolicy:QueuePolicy", "sqs/redriveAllowPolicy:RedriveAllowPolicy")
_TOPIC = ("sns/topic:Topic", "sns/topicPolicy:TopicPolicy", "sns/topicSubscription:TopicSubscription")
_RULE = ("cloudwatch/eventRule:EventRule", "cloudwatch/eventTarget:EventTarget")
_FUNCTION = (
    "lambda/function:Function",
    "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "lambda/permission:Permission",
)
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
_NETWORK_ARNS = ("route-table", "security-group", "security-group-rule", "subnet", "vpc", "vpc-endpoint")


@dataclass(frozen=True, kw_only=True)
class Held:
    """Resources of some types, and their ARNs; `look_at` is what AWS checks looking on, if not the ARNs.

    `tagged`: AWS makes up the ids, the ARNs are patterns, and the tag `layer` says whose each is. `made_at`:
    the resource that AWS checks creation on, if not the ARNs; the new resource must then get the tag, and
    `made_if` adds conditions.
    """

    name: str
    types: Sequence[str]
    arns: Sequence[str]
    look_at: Sequence[str] = ()
    tagged: bool = False
    made_at: Sequence[str] = ()
    made_if: Conditions = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class KeyUse:
    """A key, by its purpose, and the service through which a deployment uses it.

    `grants`: the service keeps using the key by a grant that the deployment creates. `to_read`: reading what
    the service encrypted takes the key, too.
    """

    purpose: str
    service: str
    grants: bool
    to_read: bool


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """The resources of one layer. `roles`: the service that each role is for, by the role's purpose."""

    held: Sequence[Held] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    keys: Sequence[KeyUse] = ()


def of(project: Project, arns: Arns) -> Holdings:
    """The resources of a layer. A layer that is not listed here has its functions, alarms and dashboards."""
    own = _OWN[project.layer](arns) if project.layer in _OWN else Holdings()
    held = [*own.held, *_monitors(project.layer, arns)]
    if not project.functions:
        return replace(own, held=held)
    return Holdings(
        held=[*held, *_functions(project.functions, arns)],
        roles={**own.roles, **dict.fromkeys(project.functions, "lambda")},
        keys=[*own.keys, KeyUse(purpose="function", service="lambda", grants=True, to_read=True)],
    )


def is_listed(project: Project) -> bool:
    """Whether the platform team has listed what the layer holds besides functions, alarms and dashboards."""
    return project.layer in _OWN


def _monitors(layer: str, arns: Arns) -> list[Held]:
    """Alarms and dashboards, whose names begin with the name of the layer."""
    alarms = [arns.alarms(layer)]
    return [
        Held(name="Alarms", types=["cloudwatch/metricAlarm:MetricAlarm"], arns=alarms),
        Held(
            name="CompositeAlarms",
            types=["cloudwatch/compositeAlarm:CompositeAlarm"],
            arns=alarms,
            made_at=["*"],
        ),
        Held(name="Dashboards", types=["cloudwatch/dashboard:Dashboard"], arns=[arns.dashboards(layer)]),
    ]


def _functions(functions: Sequence[str], arns: Arns) -> list[Held]:
    groups = [arns.names.function_log_group(name) for name in functions]
    return [
        Held(name="Functions", types=_FUNCTION, arns=[arns.function(name) for name in functions]),
        _log_groups("FunctionLogs", arns, *groups),
    ]


def _log_groups(name: str, arns: Arns, *groups: str) -> Held:
    # CloudWatch Logs writes the ARN of a log group without ':*' where tags are concerned, else with it.
    plain = [arns.log_group(group) for group in groups]
    both = [*plain, *(f"{arn}:*" for arn in plain)]
    return Held(name=name, types=["cloudwatch/logGroup:LogGroup"], arns=both, look_at=plain)


def _foundation(arns: Arns) -> Holdings:
    aliases = [arns.of("kms", arns.names.key_alias(purpose)) for purpose in KEYS]
    key_types = ["kms/key:Key", "kms/alias:Alias"]
    network = [arns.of("ec2", f"{kind}/*") for kind in _NETWORK_ARNS]
    return Holdings(
        held=[
            Held(name="Keys", types=key_types, arns=[arns.of("kms", "key/*")], tagged=True, made_at=["*"]),
            Held(name="Aliases", types=["kms/alias:Alias"], arns=aliases),
            Held(
                name="Network",
                types=_NETWORK,
                arns=network,
                # All else is looked at by Describe actions, which AWS checks on nothing.
                look_at=[arns.of("ec2", "vpc/*")],
                tagged=True,
            ),
            Held(name="OperationsTopic", types=_TOPIC, arns=[arns.operations_topic]),
            Held(name="KeyStateRule", types=_RULE, arns=[arns.key_state_rule]),
            Held(name="Budget", types=["budgets/budget:Budget"], arns=[arns.budget]),
        ]
    )


def _data(arns: Arns) -> Holdings:
    return Holdings(
        held=[
            Held(name="Tables", types=["dynamodb/table:Table"], arns=[arns.table, arns.profiles_table]),
            Held(name="Queues", types=_QUEUE, arns=[arns.suspicious_queue, arns.suspicious_dlq]),
            Held(name="Topic", types=_TOPIC, arns=[arns.topic]),
        ],
        keys=[
            KeyUse(purpose=purpose, service="dynamodb", grants=True, to_read=False)
            for purpose in ("data", "profiles")
        ],
    )


def _processing(arns: Arns) -> Holdings:
    return Holdings(
        held=[
            Held(name="Bus", types=["cloudwatch/eventBus:EventBus"], arns=[arns.bus]),
            Held(name="Rule", types=_RULE, arns=[arns.rule]),
            Held(
                name="Queues",
                types=_QUEUE,
                arns=[*(arns.failure_queue(hop) for hop in HOPS), arns.retry_queue],
            ),
            Held(name="Pipe", types=["pipes/pipe:Pipe"], arns=[arns.pipe]),
            Held(
                name="Mappings",
                types=["lambda/eventSourceMapping:EventSourceMapping"],
                arns=[arns.of("lambda", "event-source-mapping:*")],
                tagged=True,
                made_at=["*"],
                made_if={
                    "ArnEquals": {"lambda:FunctionArn": [arns.function("notify"), arns.function("fraud")]}
                },
            ),
        ],
        roles={"pipe": "pipes"},
        # EventBridge encrypts the patterns and targets of a bus's rules.
        keys=[KeyUse(purpose="data", service="events", grants=False, to_read=True)],
    )


def _edge(arns: Arns) -> Holdings:
    gateway = f"arn:{arns.partition}:apigateway:{arns.region}::"
    return Holdings(
        held=[
            Held(
                name="Api",
                types=_API,
                arns=[f"{gateway}/restapis/*", f"{gateway}/tags/*"],
                tagged=True,
                made_at=[f"{gateway}/restapis"],
            ),
            Held(name="Account", types=["apigateway/account:Account"], arns=[f"{gateway}/account"]),
            _log_groups("AccessLogs", arns, arns.names.access_log_group, WELCOME_LOG_GROUP),
        ],
        roles={GATEWAY_LOGS: "apigateway"},
    )


_OWN: Mapping[str, Callable[[Arns], Holdings]] = {
    FOUNDATION.layer: _foundation,
    DATA.layer: _data,
    PROCESSING.layer: _processing,
    EDGE.layer: _edge,
}
