"""The role that deploys `data`: it can deploy its layer and is denied access to other layers.

The embedded AWS does not check boundaries of roles and the use of keys; tests/stacks evaluates the policies.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.embedded import EmbeddedAws, embedded_aws
from orchestration.environments import LOCAL, ROOT, Environment
from orchestration.layers import find_layer
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.results import Changes
from orchestration.pulumi.variables import inherited_variables
from orchestration.session import EnvironmentSession

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
class RoleSession:
    """A session of the role on an embedded AWS where foundation is deployed."""

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
        cli = pulumi_cli.find_cli(quiet=True)
        command = ControlledCommand(cli.path, cli.version, inherited_variables(self.environment))
        return Engine(self.environment, command, aws={**self.aws.environment(), **self.credentials})


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoleSession]:
    with embedded_aws(tmp_path_factory.mktemp("deploy-role") / ".local") as aws:
        environment = Environment(LOCAL, ROOT, state=aws.root)
        EnvironmentSession(environment).open_engine(changing=True).up(find_layer("foundation"))
        aws.client("s3").create_bucket(Bucket=BUCKET)
        allow_on_every_resource(aws, ROLE)
        yield RoleSession(aws, environment, assume_role(aws, ROLE))


def allow_on_every_resource(aws: EmbeddedAws, role: str) -> None:
    """Allow the role and its boundary the actions that the embedded AWS checks on every resource."""
    iam = aws.client("iam")
    boundary = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    document = iam.get_policy_version(PolicyArn=boundary, VersionId="v1")["PolicyVersion"]["Document"]
    document["Statement"].append(CHECKED_ON_EVERY_RESOURCE)
    iam.create_policy_version(PolicyArn=boundary, PolicyDocument=json.dumps(document), SetAsDefault=True)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [CHECKED_ON_EVERY_RESOURCE]})
    iam.put_role_policy(RoleName=role, PolicyName="embedded-aws", PolicyDocument=policy)


def assume_role(aws: EmbeddedAws, role: str) -> dict[str, str]:
    """Credentials of the role, which trusts GitHub and must first trust its account as well."""
    arn = aws.client("iam").get_role(RoleName=role)["Role"]["Arn"]
    aws.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(TRUST))
    credentials = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="ci")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


def test_role_deploys_refreshes_and_destroys_its_layer(session: RoleSession) -> None:
    engine, data = session.engine(), find_layer("data")
    assert engine.up(data).changes.create >= 9
    caller = session.client("sts").get_caller_identity()["Arn"]
    assert caller == f"arn:aws:sts::000000000000:assumed-role/{ROLE}/ci"
    second_update = engine.up(data, refresh=True).changes
    assert second_update == Changes(same=second_update.same)
    assert engine.destroy(data).changes.delete >= 9


def is_denied(call: Callable[[], Any]) -> bool:
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]["Code"] in DENIED


def test_role_cannot_change_other_layers(session: RoleSession) -> None:
    sqs, logs, events = (session.client(service) for service in ("sqs", "logs", "events"))
    assert is_denied(lambda: sqs.create_queue(QueueName="pipe-failures"))
    assert is_denied(lambda: logs.create_log_group(logGroupName="/aws/lambda/fraud-pipeline-api"))
    assert is_denied(lambda: events.create_event_bus(Name="fraud-transactions"))
    assert is_denied(lambda: session.client("lambda").delete_function(FunctionName="fraud-pipeline-fraud"))
    assert is_denied(lambda: session.client("ec2").create_vpc(CidrBlock="10.0.0.0/16"))
    assert is_denied(lambda: session.client("apigateway").create_rest_api(name="another"))


def test_role_cannot_change_the_keys_of_foundation(session: RoleSession) -> None:
    kms = session.aws.client("kms")
    key = kms.describe_key(KeyId="alias/fraud-data")["KeyMetadata"]["KeyId"]
    assert is_denied(lambda: session.client("kms").schedule_key_deletion(KeyId=key))
    assert is_denied(
        lambda: session.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy="{}")
    )


def test_role_cannot_create_roles_or_extend_its_own_permissions(session: RoleSession) -> None:
    iam, document = session.client("iam"), json.dumps(TRUST)
    boundary = f"arn:aws:iam::000000000000:policy/{ROLE}-boundary"
    assert is_denied(lambda: iam.create_role(RoleName="mine", AssumeRolePolicyDocument=document))
    assert is_denied(lambda: iam.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=document))
    assert is_denied(lambda: iam.delete_role_permissions_boundary(RoleName=ROLE))
    assert is_denied(lambda: iam.create_policy_version(PolicyArn=boundary, PolicyDocument=document))


def test_boundary_of_the_role_limits_added_permissions(session: RoleSession) -> None:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam = session.aws.client("iam")
    iam.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=json.dumps(everything))
    try:
        own, sqs = session.client("iam"), session.client("sqs")
        assert is_denied(lambda: sqs.create_queue(QueueName="pipe-failures"))
        assert is_denied(lambda: own.delete_role_permissions_boundary(RoleName=ROLE))
    finally:
        iam.delete_role_policy(RoleName=ROLE, PolicyName="all")


def test_role_writes_the_state_of_its_layer_and_reads_the_state_of_other_layers(session: RoleSession) -> None:
    root, own = session.aws.client("s3"), session.client("s3")
    for project in ("fraud-data", "fraud-edge"):
        root.put_object(Bucket=BUCKET, Key=f".pulumi/stacks/{project}/dev.json", Body=b"{}")
    own.put_object(Bucket=BUCKET, Key=".pulumi/stacks/fraud-data/dev.json", Body=b"{}")
    own.put_object(Bucket=BUCKET, Key=".pulumi/locks/organization/fraud-data/dev/1.json", Body=b"{}")
    own.get_object(Bucket=BUCKET, Key=".pulumi/stacks/fraud-edge/dev.json")
    edge = ".pulumi/stacks/fraud-edge/dev.json"
    assert is_denied(lambda: own.put_object(Bucket=BUCKET, Key=edge, Body=b"{}"))
    assert is_denied(lambda: own.delete_object(Bucket=BUCKET, Key=edge))
