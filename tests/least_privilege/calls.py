"""The calls that the pipeline and its deployments make, by the role or the service that makes them.

A call is a request with its purpose. `tests/aws` derives the requests from the declared resources, from the
code of the functions, and from the rules that AWS publishes.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.names import API_STAGE, Names, consumer_role_purpose
from shared.projects import PROJECTS, Project
from stacks.foundation.deploy_roles import roles as deploy_roles
from tests.aws.deliveries import find_deliveries
from tests.aws.deployments import Deployment
from tests.aws.handlers import PHASES
from tests.aws.policies import Policies, Request
from tests.aws.runtime import (
    CODE_CALLS,
    code_requests,
    event_source_requests,
    gateway_log_requests,
    lambda_requests,
    pipe_requests,
    role_name,
)
from tests.aws.stores import Stores
from tests.least_privilege.rules import RULES, Rule
from tests.stacks.guarded import GUARDED, OTHER_ACCOUNT, VPC_ENDPOINT
from tests.stacks.mocked_aws import ACCOUNT, REGION, arn
from tests.stacks.recording import RecordedProgram, RecordedResource

Programs = Mapping[str, RecordedProgram]
NAMES = Names()
# A caller in the networks of GUARDED.
_CALLER = {"aws:SourceVpce": VPC_ENDPOINT, "aws:VpcSourceIp": "10.0.1.1"}
STATE = f"arn:aws:s3:::{NAMES.state_bucket(ACCOUNT, REGION)}"


@dataclass(frozen=True)
class Call:
    """A request of a role, or of an AWS service, with its purpose.

    `through_endpoint`: the code of a function makes it, through a VPC endpoint. `account`: that of the
    caller. `rule`: the documentation
    that the call follows from, if neither AWS's schemas nor the code of the functions contain it.
    """

    caller: str
    purpose: str
    request: Request
    through_endpoint: bool = False
    account: str = ACCOUNT
    rule: Rule | None = None


def find_role_calls(programs: Programs) -> dict[str, list[Call]]:
    """The calls of every role, by its name."""
    policies, stores = Policies(programs), Stores(programs)
    calls = [
        *_runtime_calls(programs, stores),
        *_deployment_calls(programs, policies),
        *(call for project in PROJECTS for call in _state_calls(project)),
        *_quota_calls(),
        *_consumer_calls(),
        *_documented_calls(programs),
    ]
    by_role: dict[str, dict[tuple[str, bool], Call]] = defaultdict(dict)
    for call in calls:
        by_role[call.caller].setdefault((str(call.request), call.through_endpoint), call)
    return {role: list(unique.values()) for role, unique in by_role.items()}


def find_service_calls(programs: Programs) -> list[Call]:
    """The calls of AWS services without a role."""
    return [
        Call(delivery.service, f"deliver as {delivery.service}", delivery.request)
        for delivery in find_deliveries(programs)
    ]


def _runtime_calls(programs: Programs, stores: Stores) -> Iterator[Call]:
    for program in programs.values():
        for function in program.find_all("lambda/function:Function"):
            yield from _function_calls(function, programs, stores)
    pipe = programs["processing"].find_one("pipes/pipe:Pipe")
    for request in pipe_requests(pipe, stores):
        yield Call(role_name(pipe["roleArn"]), "read the stream, send events and failures", request)
    account = programs["edge"].find_one("apigateway/account:Account")
    for request in gateway_log_requests():
        yield Call(role_name(account["cloudwatchRoleArn"]), "write the logs of the API", request)


def _function_calls(function: RecordedResource, programs: Programs, stores: Stores) -> Iterator[Call]:
    role, name = role_name(function["role"]), function["name"].removeprefix("fraud-pipeline-")
    for call in CODE_CALLS[name]:
        for request in code_requests(call, name, stores):
            direct = not request.action.startswith("kms:")
            yield Call(role, f"{call.operation} in the code", request, through_endpoint=direct)
    for request in lambda_requests(function):
        yield Call(role, "run the function", request)
    for request in event_source_requests(function, programs, stores):
        yield Call(role, "read event sources, send failures", request)


def _deployment_calls(programs: Programs, policies: Policies) -> Iterator[Call]:
    for layer, program in programs.items():
        for resource in program.resources:
            if not resource.type.startswith("aws:"):
                continue
            deployment = Deployment(layer, resource, programs, policies)
            for phase in PHASES:
                purpose = f"{phase} {deployment.type.partition(':')[2]} {resource.name}"
                for request in deployment.requests(phase):
                    yield Call(NAMES.role(f"deploy-{layer}"), purpose, request)
                    if phase == "read":
                        yield Call(NAMES.role("read"), purpose, request)


def _state_calls(project: Project) -> Iterator[Call]:
    """The calls of Pulumi's backend for buckets, and of the state backups of `orchestration/state`.

    https://www.pulumi.com/docs/iac/concepts/state-and-backends/
    """
    deployer, reader = NAMES.role(f"deploy-{project.layer}"), NAMES.role("read")
    key = {"kms:ResourceAliases": (NAMES.state_key_alias,)}
    key_arn = arn("kms", "key/state")
    for role in (deployer, reader):
        yield Call(role, "find the state", Request("s3:ListBucket", STATE))
        yield Call(role, "read the state", Request("kms:Decrypt", key_arn, key))
        for path in (".pulumi/meta.yaml", *_readable_states(project)):
            yield Call(role, "read the state", Request("s3:GetObject", f"{STATE}/{path}"))
    for folder in ("history", "locks/organization"):
        path = f"{STATE}/.pulumi/{folder}/{project.name}/prod.json"
        yield Call(reader, "show history and locks", Request("s3:GetObject", path))
    for action in ("kms:Encrypt", "kms:GenerateDataKey"):
        yield Call(deployer, "write the state", Request(action, key_arn, key))
    for folder in (".pulumi/stacks", ".pulumi/backups", ".pulumi/locks/organization", "backups"):
        path = f"{STATE}/{folder}/{project.name}/prod.json"
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            yield Call(deployer, "write the state", Request(action, path))


def _readable_states(project: Project) -> list[str]:
    """The states of the layer, of those that it reads, and of those that read it."""
    related = [
        other.name
        for other in PROJECTS
        if other == project or other.layer in project.depends_on or project.layer in other.depends_on
    ]
    return [f".pulumi/stacks/{name}/prod.json" for name in related]


def _documented_calls(programs: Programs) -> Iterator[Call]:
    for rule in RULES:
        for layer, request in rule.requests(programs):
            yield Call(NAMES.role(f"deploy-{layer}"), rule.reason, request, rule=rule)
            if rule.reads:
                yield Call(NAMES.role("read"), rule.reason, request, rule=rule)


def _consumer_calls() -> Iterator[Call]:
    for consumer, routes in json.loads(GUARDED["fraud-edge:consumers"]).items():
        role = NAMES.role(consumer_role_purpose(consumer))
        for route in routes:
            resource = arn("execute-api", f"api/{API_STAGE}/POST/{route}")
            request = Request("execute-api:Invoke", resource, _CALLER)
            yield Call(role, f"POST /{route} as a consumer", request)


def find_foreign_calls(programs: Programs) -> Iterator[Call]:
    """The calls of the API from another account that its policy admits."""
    for route in programs["edge"].find_all("apigateway/resource:Resource"):
        path = route.name.replace("-", "/")
        resource = arn("execute-api", f"api/{API_STAGE}/POST/{path}")
        for address in ("10.0.1.1", "2001:db8::1"):
            request = Request("execute-api:Invoke", resource, {**_CALLER, "aws:VpcSourceIp": address})
            yield Call("partner", f"POST /{path} from another account", request, account=OTHER_ACCOUNT)


def _quota_calls() -> Iterator[Call]:
    for quota in deploy_roles.QUOTAS:
        request = Request("servicequotas:GetServiceQuota", arn("servicequotas", quota))
        yield Call(NAMES.role("read"), "compare the quotas", request)
    yield Call(
        NAMES.role("read"), "compare the quotas", Request("servicequotas:GetAWSDefaultServiceQuota", "*")
    )
