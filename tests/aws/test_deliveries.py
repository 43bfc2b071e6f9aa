"""Access of AWS services to keys, queues, topics and functions as service principals."""

import pytest

from tests.aws.changes import remove_statement
from tests.aws.conftest import Programs
from tests.aws.deliveries import Delivery, find_deliveries
from tests.aws.policies import Policies
from tests.aws.stores import Stores


def find_refusals(programs: Programs) -> list[str]:
    policies, stores = Policies(programs), Stores(programs)
    return [
        refusal
        for delivery in find_deliveries(programs)
        if (refusal := find_refusal(delivery, policies, stores))
    ]


def find_refusal(delivery: Delivery, policies: Policies, stores: Stores) -> str:
    request = delivery.request
    is_key_request = request.action.startswith("kms:")
    policy = policies.key_policy(request.resource) if is_key_request else stores[request.resource].policy
    return policies.find_service_refusal(delivery.service, request, policy or '{"Statement": []}')


def test_services_may_use_every_key_queue_and_topic_that_they_send_to(prod: Programs) -> None:
    services = {delivery.service for delivery in find_deliveries(prod)}
    assert services >= {"events.amazonaws.com", "logs.us-east-1.amazonaws.com"}
    assert find_refusals(prod) == []


def test_no_service_may_use_them_for_a_resource_of_another_account(prod: Programs) -> None:
    policies, stores = Policies(prod), Stores(prod)
    deliveries = find_deliveries(prod)
    # EventBridge does not send the rule to a topic.
    without_source = [delivery for delivery in deliveries if not delivery.request.context]
    assert {(delivery.service, delivery.request.action) for delivery in without_source} == {
        ("events.amazonaws.com", "sns:Publish")
    }
    for delivery in deliveries:
        if delivery in without_source:
            continue
        foreign_context = {
            key: value.replace("123456789012", "999999999999") if isinstance(value, str) else value
            for key, value in delivery.request.context.items()
        }
        request = type(delivery.request)(delivery.request.action, delivery.request.resource, foreign_context)
        assert find_refusal(Delivery(delivery.service, request), policies, stores), request


@pytest.mark.parametrize(
    ("layer", "type_", "name", "sid"),
    [
        ("foundation", "kms/key:Key", "data", "KeepEvents"),
        ("foundation", "kms/key:Key", "failures", "KeepFailedEvents"),
        ("foundation", "kms/key:Key", "logs", "EncryptLogs"),
        ("processing", "sqs/queuePolicy:QueuePolicy", "events-failures", "KeepWhatFailed"),
    ],
)
def test_service_without_its_statement_is_denied(
    prod: Programs, layer: str, type_: str, name: str, sid: str
) -> None:
    assert find_refusals(remove_statement(prod, layer, type_, name, sid))


def test_every_target_and_integration_may_invoke_its_function(prod: Programs) -> None:
    resources = [resource for program in prod.values() for resource in program.resources]
    permissions = {
        (resource["function"], resource["principal"], resource["sourceArn"])
        for resource in resources
        if resource.type == "aws:lambda/permission:Permission"
    }
    for target in resources:
        if target.type == "aws:cloudwatch/eventTarget:EventTarget" and ":lambda:" in target["arn"]:
            function = target["arn"].rpartition(":")[2]
            rule = f"arn:aws:events:us-east-1:123456789012:rule/{target['eventBusName']}/{target['rule']}"
            assert (function, "events.amazonaws.com", rule) in permissions
    invoked = {
        resource["uri"].rpartition("function:")[2].partition("/")[0]
        for resource in resources
        if resource.type == "aws:apigateway/integration:Integration"
        and "function:" in resource.inputs.get("uri", "")
    }
    assert invoked <= {
        function for function, principal, _ in permissions if principal.startswith("apigateway.")
    }
