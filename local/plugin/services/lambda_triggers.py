"""Lambda: permissions, event source mappings and asynchronous invocation settings of functions."""

import json
from typing import Any, ClassVar

from local.plugin.properties import Property, from_api, to_api, without_empty
from local.plugin.resource import REGION, REGION_AND_TAGS, PutResource, Resource
from local.plugin.tags import TagApi
from local.plugin.values import Props

_PERMISSION = {
    "statementId": Property(autoname=True, replace=True),
    "action": Property(required=True, replace=True),
    "principal": Property(required=True, replace=True),
    "sourceArn": Property(replace=True),
    "sourceAccount": Property(replace=True),
    "principalOrgId": Property(replace=True, api="PrincipalOrgID"),
    "eventSourceToken": Property(replace=True),
    "functionUrlAuthType": Property(replace=True),
    "qualifier": Property(replace=True),
}


class Permission(Resource):
    """A permission to invoke a function; its id is the statement's. Every change replaces it, as in AWS."""

    pulumi_type = "aws:lambda/permission:Permission"
    identity = ("function", "statementId")
    properties: ClassVar = {**REGION, **_PERMISSION, "function": Property(required=True, replace=True)}

    def create(self, inputs: Props) -> str:
        self.client.add_permission(FunctionName=inputs["function"], **to_api(_PERMISSION, inputs))
        return str(inputs["statementId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        policy = json.loads(self.client.get_policy(**_target(state["function"], state))["Policy"])
        statement = next((entry for entry in policy["Statement"] if entry["Sid"] == resource_id), None)
        if statement is None:
            return None
        principal = statement["Principal"]
        conditions = _conditions(statement.get("Condition", {}))
        return {
            "statementId": resource_id,
            "function": state["function"],
            "action": statement["Action"],
            "principal": next(iter(principal.values())) if isinstance(principal, dict) else principal,
            "sourceArn": conditions.get("aws:sourcearn"),
            "sourceAccount": conditions.get("aws:sourceaccount"),
            "principalOrgId": conditions.get("aws:principalorgid"),
            "eventSourceToken": conditions.get("lambda:eventsourcetoken"),
            "functionUrlAuthType": conditions.get("lambda:functionurlauthtype"),
        }

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.remove_permission(**_target(state["function"], state), StatementId=resource_id)


def _conditions(condition: dict[str, dict[str, str]]) -> dict[str, str]:
    """The values of a statement's conditions by lower-case key, because the case of AWS's keys varies."""
    return {key.lower(): value for tests in condition.values() for key, value in tests.items()}


_INVOKE = {
    "maximumRetryAttempts": Property(2),
    "maximumEventAgeInSeconds": Property(),
    "destinationConfig": Property(
        fields={
            "onFailure": Property(fields={"destination": Property(required=True)}),
            "onSuccess": Property(fields={"destination": Property(required=True)}),
        }
    ),
}


class FunctionEventInvokeConfig(PutResource):
    """Retries and destinations of asynchronous invocations; its id is `function` or `function:qualifier`."""

    pulumi_type = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    identity = ("functionName", "qualifier")
    properties: ClassVar = {
        **REGION,
        **_INVOKE,
        "functionName": Property(required=True, replace=True),
        "qualifier": Property(replace=True),
    }

    def put(self, inputs: Props) -> None:
        target = _target(inputs["functionName"], inputs)
        self.client.put_function_event_invoke_config(**target, **to_api(_INVOKE, inputs))

    def format_id(self, inputs: Props) -> str:
        qualifier = inputs.get("qualifier")
        return f"{inputs['functionName']}:{qualifier}" if qualifier else str(inputs["functionName"])

    def read(self, resource_id: str, state: Props) -> Props:
        name = state.get("functionName", resource_id)
        response = self.client.get_function_event_invoke_config(**_target(name, state))
        return {**from_api(_INVOKE, response), "functionName": name}

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_function_event_invoke_config(**_target(state["functionName"], state))


def _target(function: str, values: Props) -> dict[str, str]:
    """The parameters for a function and its qualifier."""
    return without_empty({"FunctionName": function, "Qualifier": values.get("qualifier")})


_MAPPING = {
    "functionName": Property(required=True),
    "enabled": Property(True),
    "batchSize": Property(computed=True),
    "maximumBatchingWindowInSeconds": Property(0),
    "functionResponseTypes": Property(unordered=True),
    "scalingConfig": Property(fields={"maximumConcurrency": Property(required=True)}),
    "filterCriteria": Property(
        fields={"filters": Property(unordered=True, fields={"pattern": Property(document="json")})}
    ),
    "kmsKeyArn": Property(api="KMSKeyArn"),
}
# AWS rejects these for queues. As with the provider, removing the destination, or a property whose value AWS
# chooses, is not a change.
_STREAM = {
    "startingPosition": Property(replace=True),
    "parallelizationFactor": Property(computed=True),
    "tumblingWindowInSeconds": Property(0),
    "bisectBatchOnFunctionError": Property(False),
    "maximumRetryAttempts": Property(computed=True),
    "maximumRecordAgeInSeconds": Property(computed=True),
    "destinationConfig": Property(
        computed=True,
        fields={"onFailure": Property(fields={"destinationArn": Property(required=True, api="Destination")})},
    ),
}
_RESETS: dict[str, Any] = {
    # AWS keeps a parameter that an update omits; an empty value removes it.
    "FunctionResponseTypes": [],
    "ScalingConfig": {},
    "FilterCriteria": {},
    "KMSKeyArn": "",
}


class EventSourceMapping(Resource):
    """A queue or a table's stream that invokes a function; AWS assigns the mapping's id, a UUID."""

    pulumi_type = "aws:lambda/eventSourceMapping:EventSourceMapping"
    tag_api = TagApi("Resource", pair=None, read="list_tags")
    identity = ("eventSourceArn", "functionName")
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **_MAPPING,
        **_STREAM,
        "eventSourceArn": Property(required=True, replace=True),
    }

    def is_unchanged(self, name: str, state: Props, inputs: Props) -> bool:
        if name == "functionName":
            # The name and the ARN of a function are equivalent.
            return inputs.get(name) in (state.get("functionName"), state.get("functionArn"))
        return super().is_unchanged(name, state, inputs)

    def create(self, inputs: Props) -> str:
        request = to_api(_source_properties(inputs), inputs)
        response = self.client.create_event_source_mapping(
            EventSourceArn=inputs["eventSourceArn"], Tags=inputs["tags"], **request
        )
        return str(response["UUID"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        def is_stable() -> bool:
            state = self.client.get_event_source_mapping(UUID=resource_id)["State"]
            return state in ("Enabled", "Disabled")

        self.aws.wait_until(f"event source mapping {resource_id} is enabled or disabled", is_stable)

    def read(self, resource_id: str, state: Props) -> Props | None:
        response = self.client.get_event_source_mapping(UUID=resource_id)
        if response["State"] == "Deleting":
            return None
        arn, function = response["EventSourceMappingArn"], response["FunctionArn"]
        declared = state.get("functionName", "")
        return {
            **from_api({**_MAPPING, **_STREAM}, response),
            "uuid": resource_id,
            "arn": arn,
            "eventSourceArn": response["EventSourceArn"],
            "functionArn": function,
            "functionName": declared if function.endswith(f":{declared}") else function,
            "enabled": response["State"] in ("Enabled", "Enabling", "Creating"),
            "state": response["State"],
            "tags": self.read_tags(arn),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        request = {**_RESETS, **to_api(_source_properties(new), new)}
        # UpdateEventSourceMapping does not accept a starting position.
        request.pop("StartingPosition", None)
        self.client.update_event_source_mapping(UUID=resource_id, **request)
        self.configure(resource_id, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_event_source_mapping(UUID=resource_id)
        self.aws.wait_until_deleted(
            f"event source mapping {resource_id}",
            lambda: self.client.get_event_source_mapping(UUID=resource_id),
        )


def _source_properties(inputs: Props) -> dict[str, Property]:
    """The properties that AWS accepts for the event source."""
    return {**_MAPPING, **(_STREAM if ":dynamodb:" in inputs["eventSourceArn"] else {})}
