"""The role that deploys `data`, taken for real: it deploys its layer, and IAM stops it at the next one.

What the embedded AWS does not check (a role's boundary, a key's use) is asked of policies in tests/stacks.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.embedded import EmbeddedAws, embedded_aws
from orchestration import engines
from orchestration.environments import LOCAL, ROOT, Environment
from orchestration.layers import find
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.results import Changes
from orchestration.pulumi.variables import inherited_variables

ROLE = "fraud-pipeline-deploy-data"
BUCKET = "fraud-pipeline-state-000000000000-us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
# AWS checks these actions on one resource, the embedded AWS on `*`.
CHECKED_ON_EVERY_RESOURCE = {
    "Effect": "Allow",
    "Action": [
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DeleteDashboards",
        "cloudwatch:GetDashboard",
        "cloudwatch:ListTagsForResource",
        "cloudwatch:PutDashboard",
        "dynamodb:ListTagsOfResource",
        "sns:ListTagsForResource",
    ],
    "Resource": "*",
}
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")


@dataclass(frozen=True)
class Session:
    """What somebody has who took the role on an embedded AWS where foundation is deployed."""

    aws: EmbeddedAws
    environment: Environment
    credentials: Mapping[str, str]

    def client(self, service: str) -> Any:
        credentials = self.credentials
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name=self.aws.endpoint.region,
            endpoint_url=self.aws.url,
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=credentials["AWS_SESSION_TOKEN"],
        )

    def engine(self) -> Engine:
        cli = pulumi_cli.find(quiet=True)
        command = ControlledCommand(cli.path, cli.version, inherited_variables(self.environment))
        return Engine(self.environment, command, aws={**self.aws.environment(), **self.credentials})


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with embedded_aws(tmp_path_factory.mktemp("deploy-role") / ".local") as aws:
        environment = Environment(LOCAL, ROOT, state=aws.root)
        engines.open_engine(environment, changing=True).up(find("foundation"))
        aws.client("s3").create_bucket(Bucket=BUCKET)
        allow_on_every_resource(aws, ROLE)
        yield Session(aws, environment, take(aws, ROLE))


def allow_on_every_resource(aws: EmbeddedAws, role: str) -> None:
    """Allow the role and its boundary the actions that the embedded AWS checks on every resource."""
    iam = aws.client("iam")
    boundary = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    document = iam.get_policy_version(PolicyArn=boundary, VersionId="v1")["PolicyVersion"]["Document"]
    document["Statement"].append(CHECKED_ON_EVERY_RESOURCE)
    iam.create_policy_version(PolicyArn=boundary, PolicyDocument=json.dumps(document), SetAsDefault=True)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [CHECKED_ON_EVERY_RESOURCE]})
    iam.put_role_policy(RoleName=role, PolicyName="embedded-aws", PolicyDocument=policy)


def take(aws: EmbeddedAws, role: str) -> dict[str, str]:
    """Credentials of a role. Nobody here is GitHub, so the role is made to trust its account first."""
    found = aws.client("iam").get_role(RoleName=role)["Role"]
    aws.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(TRUST))
    credentials = aws.client("sts").assume_role(RoleArn=found["Arn"], RoleSessionName="ci")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


def test_the_role_deploys_looks_at_and_destroys_its_layer(taken: Session) -> None:
    engine, data = taken.engine(), find("data")
    assert engine.up(data).changes.create >= 9
    caller = taken.client("sts").get_caller_identity()["Arn"]
    assert caller == f"arn:aws:sts::000000000000:assumed-role/{ROLE}/ci"
    again = engine.up(data, refresh=True).changes
    assert again == Changes(same=again.same)
    assert engine.destroy(data).changes.delete >= 9


def refused(call: Callable[[], Any]) -> bool:
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]["Code"] in DENIED


def test_the_role_is_stopped_at_other_layers(taken: Session) -> None:
    sqs, logs, events = (taken.client(service) for service in ("sqs", "logs", "events"))
    assert refused(lambda: sqs.create_queue(QueueName="pipe-failures"))
    assert refused(lambda: logs.create_log_group(logGroupName="/aws/lambda/fraud-pipeline-api"))
    assert refused(lambda: events.create_event_bus(Name="fraud-transactions"))
    assert refused(lambda: taken.client("lambda").delete_function(FunctionName="fraud-pipeline-fraud"))
    assert refused(lambda: taken.client("ec2").create_vpc(CidrBlock="10.0.0.0/16"))
    assert refused(lambda: taken.client("apigateway").create_rest_api(name="another"))


def test_the_role_is_stopped_at_foundations_keys(taken: Session) -> None:
    kms = taken.aws.client("kms")
    key = kms.describe_key(KeyId="alias/fraud-data")["KeyMetadata"]["KeyId"]
    assert refused(lambda: taken.client("kms").schedule_key_deletion(KeyId=key))
    assert refused(lambda: taken.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy="{}"))


def test_the_role_makes_no_role_and_widens_neither_itself_nor_its_boundary(taken: Session) -> None:
    iam, document = taken.client("iam"), json.dumps(TRUST)
    boundary = f"arn:aws:iam::000000000000:policy/{ROLE}-boundary"
    assert refused(lambda: iam.create_role(RoleName="mine", AssumeRolePolicyDocument=document))
    assert refused(lambda: iam.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=document))
    assert refused(lambda: iam.delete_role_permissions_boundary(RoleName=ROLE))
    assert refused(lambda: iam.create_policy_version(PolicyArn=boundary, PolicyDocument=document))


def test_what_the_role_may_not_do_cannot_be_given_to_it(taken: Session) -> None:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam = taken.aws.client("iam")
    iam.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=json.dumps(everything))
    try:
        own, sqs = taken.client("iam"), taken.client("sqs")
        assert refused(lambda: sqs.create_queue(QueueName="pipe-failures"))
        assert refused(lambda: own.delete_role_permissions_boundary(RoleName=ROLE))
    finally:
        iam.delete_role_policy(RoleName=ROLE, PolicyName="all")


def test_the_role_keeps_its_own_state_and_reads_its_neighbours(taken: Session) -> None:
    root, own = taken.aws.client("s3"), taken.client("s3")
    for project in ("fraud-data", "fraud-edge"):
        root.put_object(Bucket=BUCKET, Key=f".pulumi/stacks/{project}/dev.json", Body=b"{}")
    own.put_object(Bucket=BUCKET, Key=".pulumi/stacks/fraud-data/dev.json", Body=b"{}")
    own.put_object(Bucket=BUCKET, Key=".pulumi/locks/organization/fraud-data/dev/1.json", Body=b"{}")
    own.get_object(Bucket=BUCKET, Key=".pulumi/stacks/fraud-edge/dev.json")
    edge = ".pulumi/stacks/fraud-edge/dev.json"
    assert refused(lambda: own.put_object(Bucket=BUCKET, Key=edge, Body=b"{}"))
    assert refused(lambda: own.delete_object(Bucket=BUCKET, Key=edge))
