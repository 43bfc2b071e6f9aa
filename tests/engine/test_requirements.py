"""The requirements, asserted on the deployed resources. `pytest -k C10` runs the test of one requirement.

Properties that the embedded AWS does not report or enforce are asserted on the registered resources in
tests/stacks.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from operations.deployed import DeployedPipeline
from shared.contracts import DataOutputs, EdgeOutputs, FoundationOutputs, ProcessingOutputs, require_string
from shared.wildcards import is_exempt

FUNCTIONS = ("api", "fraud", "labels", "merchants", "notify")
# The function of each path.
ROUTES = {"/transactions": "api", "/labels": "labels"}
FOURTEEN_DAYS = "1209600"


class Account:
    """The resources in the AWS account after a deployment, as AWS describes them."""

    def __init__(self, aws: EmbeddedAws, deployed: DeployedPipeline) -> None:
        self.aws = aws
        self.foundation = deployed.outputs(FoundationOutputs)
        self.data = deployed.outputs(DataOutputs)
        self.processing = deployed.outputs(ProcessingOutputs)
        self.edge = deployed.outputs(EdgeOutputs)
        self.function_names = deployed.function_names()

    def table(self) -> dict[str, Any]:
        return self._table(require_string(self.data.transactions_table_name))

    def profiles(self) -> dict[str, Any]:
        return self._table(require_string(self.data.profiles_table_name))

    def _table(self, name: str) -> dict[str, Any]:
        return dict(self.aws.client("dynamodb").describe_table(TableName=name)["Table"])

    def expiry(self, table: str) -> dict[str, Any]:
        described = self.aws.client("dynamodb").describe_time_to_live(TableName=table)
        return dict(described["TimeToLiveDescription"])

    def function(self, function: str) -> dict[str, Any]:
        name = self.function_names[function]
        return dict(self.aws.client("lambda").get_function(FunctionName=name)["Configuration"])

    def queue(self, url: str) -> dict[str, str]:
        answer = self.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return dict(answer["Attributes"])

    def dead_letter_queues(self) -> dict[str, dict[str, str]]:
        urls = (
            self.data.suspicious_dlq_url,
            self.processing.pipe_failure_queue_url,
            self.processing.event_failure_queue_url,
            self.processing.fraud_failure_queue_url,
        )
        return {require_string(url): self.queue(require_string(url)) for url in urls}

    def source_queues(self) -> dict[str, dict[str, str]]:
        urls = (self.data.suspicious_queue_url, self.processing.fraud_retry_queue_url)
        return {require_string(url): self.queue(require_string(url)) for url in urls}

    def rule(self) -> dict[str, Any]:
        (rule,) = self.aws.client("events").list_rules(EventBusName=require_string(self.processing.bus_name))[
            "Rules"
        ]
        return dict(rule)

    def log_groups(self) -> dict[str, dict[str, Any]]:
        groups = self.aws.client("logs").describe_log_groups()["logGroups"]
        return {group["logGroupName"]: group for group in groups}

    def post_method(self, path: str) -> dict[str, Any]:
        gateway, api = self.aws.client("apigateway"), require_string(self.edge.api_id)
        (resource,) = [r for r in gateway.get_resources(restApiId=api)["items"] if r["path"] == path]
        return dict(gateway.get_method(restApiId=api, resourceId=resource["id"], httpMethod="POST"))

    def stage(self) -> dict[str, Any]:
        api, stage = require_string(self.edge.api_id), require_string(self.edge.stage_name)
        return dict(self.aws.client("apigateway").get_stage(restApiId=api, stageName=stage))

    def role_names(self) -> list[str]:
        """The roles of this deployment: of functions, the pipe, API Gateway and deployments."""
        roles = self.aws.client("iam").list_roles()["Roles"]
        return [role["RoleName"] for role in roles if role["RoleName"].startswith("fraud-")]

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every allow statement of roles and boundaries, with the name of its role or boundary."""
        iam = self.aws.client("iam")
        for role in self.role_names():
            for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
                yield from ((f"role {role}", statement) for statement in _allow_statements(document))
        for arn in self.boundary_arns():
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            yield from ((f"boundary {arn}", statement) for statement in _allow_statements(document))

    def boundary_arns(self) -> list[str]:
        """The boundaries of the roles. Raises KeyError for a role without a boundary."""
        iam = self.aws.client("iam")
        roles = [iam.get_role(RoleName=role)["Role"] for role in self.role_names()]
        return sorted({role["PermissionsBoundary"]["PermissionsBoundaryArn"] for role in roles})

    def is_customer_key(self, key: str) -> bool:
        metadata = self.aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]
        return bool(metadata["KeyManager"] == "CUSTOMER")


def _allow_statements(document: Any) -> list[dict[str, Any]]:
    document = json.loads(document) if isinstance(document, str) else document
    return [statement for statement in document["Statement"] if statement["Effect"] == "Allow"]


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.fixture(scope="session")
def account(aws: EmbeddedAws, deployed: DeployedPipeline) -> Account:
    return Account(aws, deployed)


@pytest.mark.parametrize("path", ROUTES)
def test_R1_signed_post_invokes_the_function_of_the_path(account: Account, path: str) -> None:
    method = account.post_method(path)
    assert method["methodIntegration"]["type"] == "AWS_PROXY"
    assert account.function(ROUTES[path])["FunctionArn"] in method["methodIntegration"]["uri"]
    assert method["authorizationType"] == "AWS_IAM"
    assert method["requestValidatorId"]


def test_R2_table_has_its_keys(account: Account) -> None:
    table = account.table()
    assert {(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]} == {
        ("transaction_id", "HASH"),
        ("timestamp", "RANGE"),
    }
    types = {
        attribute["AttributeName"]: attribute["AttributeType"] for attribute in table["AttributeDefinitions"]
    }
    assert types == {"transaction_id": "S", "timestamp": "N"}


def test_profiles_have_their_keys_and_no_stream(account: Account) -> None:
    table = account.profiles()
    assert {(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]} == {
        ("subject", "HASH"),
        ("part", "RANGE"),
    }
    assert not table.get("StreamSpecification", {}).get("StreamEnabled")


def test_items_of_both_tables_expire(account: Account) -> None:
    for table in (account.table(), account.profiles()):
        expiry = account.expiry(table["TableName"])
        assert (expiry["AttributeName"], expiry["TimeToLiveStatus"]) == ("expires_at", "ENABLED")


@pytest.mark.parametrize("function", ["fraud", "labels"])
def test_functions_that_write_profiles_have_the_names_of_both_tables(account: Account, function: str) -> None:
    variables = account.function(function)["Environment"]["Variables"]
    assert variables["TABLE_NAME"] == account.table()["TableName"]
    assert variables["PROFILES_TABLE_NAME"] == account.profiles()["TableName"]


def test_R3_api_function_writes_to_the_table(account: Account) -> None:
    assert account.function("api")["Environment"]["Variables"]["TABLE_NAME"] == account.table()["TableName"]


def test_R4_inserted_transactions_reach_the_rule(account: Account) -> None:
    pipes = account.aws.client("pipes")
    stream = account.data.transactions_stream_arn
    (name,) = [pipe["Name"] for pipe in pipes.list_pipes()["Pipes"] if pipe["Source"] == stream]
    pipe = pipes.describe_pipe(Name=name)
    assert pipe["Target"] == account.processing.bus_arn
    (pattern,) = pipe["SourceParameters"]["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"])["eventName"] == ["INSERT"]
    assert json.loads(account.rule()["EventPattern"])["detail"]["event_name"] == ["INSERT"]


def test_R5_rule_triggers_the_fraud_function(account: Account) -> None:
    (target,) = account.aws.client("events").list_targets_by_rule(
        Rule=account.rule()["Name"], EventBusName=require_string(account.processing.bus_name)
    )["Targets"]
    assert target["Arn"] == account.function("fraud")["FunctionArn"]
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert target["DeadLetterConfig"]["Arn"].startswith("arn:aws:sqs:")


def test_R6_suspicious_queue_has_a_dead_letter_queue(account: Account) -> None:
    queue = account.queue(require_string(account.data.suspicious_queue_url))
    assert json.loads(queue["RedrivePolicy"])["deadLetterTargetArn"] == account.data.suspicious_dlq_arn


def test_R7_fraud_function_sends_to_the_suspicious_queue(account: Account) -> None:
    variables = account.function("fraud")["Environment"]["Variables"]
    assert variables["QUEUE_URL"] == account.data.suspicious_queue_url


def test_R8_notify_function_consumes_the_queue_and_publishes(account: Account) -> None:
    function = account.function("notify")
    (mapping,) = account.aws.client("lambda").list_event_source_mappings(
        FunctionName=function["FunctionName"]
    )["EventSourceMappings"]
    assert mapping["EventSourceArn"] == account.data.suspicious_queue_arn
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert function["Environment"]["Variables"]["TOPIC_ARN"] == account.data.alerts_topic_arn


def test_merchants_function_consumes_the_stream(account: Account) -> None:
    (mapping,) = account.aws.client("lambda").list_event_source_mappings(
        FunctionName=account.function("merchants")["FunctionName"]
    )["EventSourceMappings"]
    assert mapping["EventSourceArn"] == account.data.transactions_stream_arn
    assert (mapping["StartingPosition"], mapping["ParallelizationFactor"]) == ("TRIM_HORIZON", 1)
    assert mapping["TumblingWindowInSeconds"] > 0


def test_R9_topic_has_an_email_subscription(account: Account) -> None:
    topic = require_string(account.data.alerts_topic_arn)
    subscriptions = account.aws.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {subscription["Protocol"] for subscription in subscriptions} == {"email"}


def test_R10_each_function_has_its_own_role_and_boundary(account: Account) -> None:
    iam = account.aws.client("iam")
    roles = {account.function(function)["Role"].rsplit("/", 1)[-1] for function in FUNCTIONS}
    boundaries = {
        iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] for role in roles
    }
    assert len(roles) == len(boundaries) == len(FUNCTIONS)


def test_R11_log_groups_keep_seven_days(account: Account) -> None:
    groups = account.log_groups()
    for function in FUNCTIONS:
        assert groups[f"/aws/lambda/{account.function_names[function]}"]["retentionInDays"] == 7


def test_R12_functions_and_api_are_traced(account: Account) -> None:
    assert {account.function(function)["TracingConfig"]["Mode"] for function in FUNCTIONS} == {"Active"}
    assert account.stage()["tracingEnabled"] is True


def test_C1_dead_letter_queues_keep_fourteen_days(account: Account) -> None:
    queues = account.dead_letter_queues()
    assert {queue["MessageRetentionPeriod"] for queue in queues.values()} == {FOURTEEN_DAYS}


def test_C2_environment_is_encrypted_with_a_customer_key(account: Account) -> None:
    for function in FUNCTIONS:
        key = account.function(function)["KMSKeyArn"]
        assert key == account.foundation.function_key_arn
        assert account.is_customer_key(key)


def test_C3_functions_run_on_python_3_11(account: Account) -> None:
    assert {account.function(function)["Runtime"] for function in FUNCTIONS} == {"python3.11"}


def test_C4_permissions_have_no_wildcards_except_the_listed_exceptions(account: Account) -> None:
    statements = list(account.statements())
    assert len({owner for owner, _ in statements}) >= 20
    for owner, statement in statements:
        for action in _as_list(statement["Action"]):
            assert "*" not in action, owner
            for resource in _as_list(statement["Resource"]):
                conditions = statement.get("Condition", {})
                is_permitted = "*" not in resource or is_exempt(action, resource, conditions)
                assert is_permitted, (owner, action, resource)


def test_C5_functions_run_in_private_subnets(account: Account) -> None:
    ec2 = account.aws.client("ec2")
    for function in FUNCTIONS:
        network = account.function(function)["VpcConfig"]
        assert sorted(network["SubnetIds"]) == sorted(account.foundation.private_subnet_ids)
        assert network["SecurityGroupIds"] == [account.foundation.function_security_group_id]
    in_vpc = [{"Name": "vpc-id", "Values": [account.foundation.vpc_id]}]
    tables = ec2.describe_route_tables(Filters=in_vpc)["RouteTables"]
    routes = [route for table in tables for route in table["Routes"]]
    assert not [route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    subnets = ec2.describe_subnets(SubnetIds=account.foundation.private_subnet_ids)["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    assert not [subnet for subnet in subnets if subnet["MapPublicIpOnLaunch"]]


def test_C6_api_is_throttled_at_1000_transactions_a_second(account: Account) -> None:
    settings = account.stage()["methodSettings"]
    single = settings["transactions/POST"]["throttlingRateLimit"]
    batches = settings["/transactions/batch/POST"]["throttlingRateLimit"]
    historic = settings["/transactions/historic/POST"]["throttlingRateLimit"]
    assert single + 25 * (batches + historic) == 1000


def test_C7_tables_are_on_demand(account: Account) -> None:
    for table in (account.table(), account.profiles()):
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_C8_concurrency_of_at_least_100_is_reserved(account: Account) -> None:
    functions = account.aws.client("lambda")
    assert set(account.function_names) == set(FUNCTIONS)
    for name in account.function_names.values():
        reserved = functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]
        assert reserved >= 100


def test_C9_rule_matches_a_pattern_and_has_no_schedule(account: Account) -> None:
    rule = account.rule()
    assert rule["EventPattern"]
    assert not rule.get("ScheduleExpression")


def test_C10_visibility_timeout_is_exactly_six_minutes(account: Account) -> None:
    queues = {**account.source_queues(), **account.dead_letter_queues()}
    assert {queue["VisibilityTimeout"] for queue in queues.values()} == {"360"}


def test_C11_data_at_rest_is_encrypted_with_customer_keys(account: Account) -> None:
    data_key = require_string(account.foundation.data_key_arn)
    assert account.is_customer_key(data_key)
    assert account.table()["SSEDescription"]["KMSMasterKeyArn"] == data_key
    profiles_key = account.profiles()["SSEDescription"]["KMSMasterKeyArn"]
    assert profiles_key == account.foundation.profiles_key_arn != data_key
    assert account.is_customer_key(profiles_key)
    suspicious = account.queue(require_string(account.data.suspicious_queue_url))
    assert suspicious["KmsMasterKeyId"] == data_key
    failures_key = {queue["KmsMasterKeyId"] for queue in account.dead_letter_queues().values()}
    assert failures_key == {require_string(account.foundation.failures_key_arn)} != {data_key}
    topic = account.aws.client("sns").get_topic_attributes(
        TopicArn=require_string(account.data.alerts_topic_arn)
    )
    assert topic["Attributes"]["KmsMasterKeyId"] == data_key
    bus = account.aws.client("events").describe_event_bus(Name=require_string(account.processing.bus_name))
    assert bus["KmsKeyIdentifier"] == data_key
    log_groups = [group for name, group in account.log_groups().items() if "fraud-" in name]
    assert {group["kmsKeyId"] for group in log_groups} == {account.foundation.logs_key_arn}


def test_C12_resources_are_in_the_region_of_the_settings(account: Account) -> None:
    assert account.table()["TableArn"].split(":")[3] == account.aws.endpoint.region
