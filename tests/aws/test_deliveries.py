"""AWS services may use keys, queues, topics and functions where they act on their own."""

import pytest

from tests.aws.changes import without_statement
from tests.aws.conftest import Programs
from tests.aws.deliveries import Delivery, find_deliveries
from tests.aws.policies import Policies
from tests.aws.stores import Stores


def refusals(programs: Programs) -> list[str]:
    policies, stores = Policies(programs), Stores(programs)
    return [
        refusal
        for delivery in find_deliveries(programs)
        if (refusal := refusal_of(delivery, policies, stores))
    ]


def refusal_of(delivery: Delivery, policies: Policies, stores: Stores) -> str:
    request = delivery.request
    is_of_key = request.action.startswith("kms:")
    policy = policies.key_policy(request.resource) if is_of_key else stores[request.resource].policy
    return policies.refusal_of_service(delivery.service, request, policy or '{"Statement": []}')


def test_services_may_use_every_key_queue_and_topic_that_they_send_to(prod: Programs) -> None:
    services = {delivery.service for delivery in find_deliveries(prod)}
    assert services >= {"events.amazonaws.com", "logs.us-east-1.amazonaws.com"}
    assert refusals(prod) == []


def test_no_service_may_use_them_for_a_resource_that_is_not_ours(prod: Programs) -> None:
    policies, stores = Policies(prod), Stores(prod)
    deliveries = find_deliveries(prod)
    # EventBridge does not say to a topic which rule it publishes for.
    nameless = [each for each in deliveries if not each.request.context]
    assert {(each.service, each.request.action) for each in nameless} == {
        ("events.amazonaws.com", "sns:Publish")
    }
    for delivery in deliveries:
        if delivery in nameless:
            continue
        foreign = {
            key: value.replace("123456789012", "999999999999") if isinstance(value, str) else value
            for key, value in delivery.request.context.items()
        }
        request = type(delivery.request)(delivery.request.action, delivery.request.resource, foreign)
        assert refusal_of(Delivery(delivery.service, request), policies, stores), request


@pytest.mark.parametrize(
    ("layer", "type_", "name", "sid"),
    [
        ("foundation", "kms/key:Key", "data", "KeepEvents"),
        ("foundation", "kms/key:Key", "failures", "KeepFailedEvents"),
        ("foundation", "kms/key:Key", "logs", "EncryptLogs"),
        ("processing", "sqs/queuePolicy:QueuePolicy", "events-failures", "KeepWhatFailed"),
    ],
)
def test_a_service_without_its_statement_is_refused(
    prod: Programs, layer: str, type_: str, name: str, sid: str
) -> None:
    assert refusals(without_statement(prod, layer, type_, name, sid))


def test_every_target_and_integration_may_invoke_its_function(prod: Programs) -> None:
    resources = [each for program in prod.values() for each in program.resources]
    permissions = {
        (each["function"], each["principal"], each["sourceArn"])
        for each in resources
        if each.type == "aws:lambda/permission:Permission"
    }
    for target in resources:
        if target.type == "aws:cloudwatch/eventTarget:EventTarget" and ":lambda:" in target["arn"]:
            function = target["arn"].rpartition(":")[2]
            rule = f"arn:aws:events:us-east-1:123456789012:rule/{target['eventBusName']}/{target['rule']}"
            assert (function, "events.amazonaws.com", rule) in permissions
    invoked = {
        each["uri"].rpartition("function:")[2].partition("/")[0]
        for each in resources
        if each.type == "aws:apigateway/integration:Integration" and "function:" in each.inputs.get("uri", "")
    }
    assert invoked <= {
        function for function, principal, _ in permissions if principal.startswith("apigateway.")
    }
