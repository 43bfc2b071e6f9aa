"""The requests that AWS checks when a deploy role creates, reads, updates or deletes a resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tests.aws import handlers, reference
from tests.aws.policies import Context, Policies, Request
from tests.aws.targets import API, KEYS, ROLES, TARGETS, Target
from tests.aws.uncalled import find_reason
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import RecordedProgram, RecordedResource

# Actions that are part of CreateKey, with the tags of that request.
_CREATE_KEY_PARTS = ("kms:PutKeyPolicy",)
# CloudWatch checks these only against all alarms. test_wildcards.py checks this in botocore's documentation.
WHOLE_SERVICE = ("cloudwatch:DescribeAlarms", "cloudwatch:PutCompositeAlarm")

_Entry = TypeVar("_Entry")


class MissingEntryError(LookupError):
    """A table in `tests/aws` lacks an entry. The message names the table."""


@dataclass(frozen=True)
class Deployment:
    """A registered AWS resource of a layer, with the requests for its type."""

    layer: str
    resource: RecordedResource
    programs: Mapping[str, RecordedProgram]
    policies: Policies

    @property
    def type(self) -> str:
        return self.resource.type.removeprefix("aws:")

    def requests(self, phase: str) -> Iterator[Request]:
        """The requests of a phase that the properties of the resource need."""
        for permission in self._permissions(phase):
            if not find_reason(self.resource, permission):
                yield from self._permission_requests(permission, phase)
        yield from self._encrypted_bus_requests(phase)

    def _permissions(self, phase: str) -> tuple[str, ...]:
        try:
            TARGETS[self.type]
            return handlers.handler_permissions(self.type, phase)
        except KeyError:
            raise MissingEntryError(
                f"{self.type} ({self.resource.name} of {self.layer}) is a new resource type. Add its"
                " CloudFormation type to tests/aws/properties/conversions.py, its ARN to TARGETS in"
                " tests/aws/targets.py and the provider's actions to PROVIDER_ACTIONS in"
                " stacks/foundation/deploy_roles/provider_actions.py"
            ) from None

    def _permission_requests(self, permission: str, phase: str) -> Iterator[Request]:
        service = permission.partition(":")[0]
        if permission == "iam:PassRole" or (permission == "iam:GetRole" and self.type in ROLES):
            yield self._role_request(permission)
        elif service == "kms" and not self.type.startswith("kms/"):
            yield self._key_request(permission)
        elif service in reference.INCOMPLETE:
            yield self._api_request(permission, phase)
        else:
            yield from self._resource_requests(permission, phase)

    def _resource_requests(self, permission: str, phase: str) -> Iterator[Request]:
        target = TARGETS[self.type](self.resource)
        is_new = phase == "create" and self._accepts_tags(permission)
        tags = self._request_tags(permission, phase)
        for arn, exists in self._resources(permission, target, is_new=is_new):
            # AWS checks the tags of a request on the resource that gets them, and not on its VPC or subnet.
            own_tags = {} if any(arn in arns for arns in target.others.values()) else tags
            yield Request(
                permission,
                arn,
                {**own_tags, **self._condition_context(permission), **self._resource_tags(exists)},
            )

    def _resources(self, permission: str, target: Target, *, is_new: bool) -> list[tuple[str, bool]]:
        """The ARNs that AWS checks, with whether the resource exists before the request."""
        types = reference.resource_types(permission)
        if not types or permission in WHOLE_SERVICE:
            return [("*", not is_new)]
        own_arns = [(arn, not is_new) for type_, arn in target.own.items() if type_ in types]
        if own_arns and not any(types.values()):
            # The types are alternatives: the request names one resource, such as the one to tag.
            return own_arns
        other_arns = [(arn, True) for type_, arns in target.others.items() if type_ in types for arn in arns]
        if not own_arns and not other_arns:
            raise MissingEntryError(
                f"AWS checks {permission} on {', '.join(types)}, for which {self.type} has no ARN. Add it to"
                " tests/aws/targets.py or, if the provider does not call the action, to tests/aws/uncalled.py"
            )
        return [*own_arns, *other_arns]

    def _api_request(self, permission: str, phase: str) -> Request:
        verb = permission.partition(":")[2]
        paths = TARGETS[self.type](self.resource).own
        path = paths.get(verb, paths[""])
        is_new = phase == "create" and path in (f"{API}/restapis", paths.get("PUT"))
        tags = self._tags("aws:RequestTag") if verb in ("POST", "PUT") else {}
        return Request(permission, path, {**tags, **self._resource_tags(not is_new)})

    def _role_request(self, permission: str) -> Request:
        key, service = self._find_entry(ROLES, "ROLES")
        context = {"iam:PassedToService": f"{service}.amazonaws.com"} if permission == "iam:PassRole" else {}
        return Request(permission, self.resource[key], context)

    def _key_request(self, permission: str) -> Request:
        use = self._find_entry(KEYS, "KEYS")(self.resource)
        return key_request(permission, use.key, use.service, use.context, use.alias)

    def _encrypted_bus_requests(self, phase: str) -> Iterator[Request]:
        """Rules are encrypted with the key of their bus. The handler's permissions omit it.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
        """
        if self.type not in ("cloudwatch/eventRule:EventRule", "cloudwatch/eventTarget:EventTarget"):
            return
        buses = self.programs[self.layer].find_all("cloudwatch/eventBus:EventBus")
        for bus in buses:
            if bus["name"] == self.resource.inputs.get("eventBusName") and phase != "delete":
                use = KEYS["cloudwatch/eventBus:EventBus"](bus)
                yield key_request("kms:Decrypt", use.key, use.service, use.context)

    def _find_entry(self, table: Mapping[str, _Entry], name: str) -> _Entry:
        if self.type not in table:
            raise MissingEntryError(f"{self.type} has no entry in {name}. Add it in tests/aws/targets.py")
        return table[self.type]

    def _condition_context(self, permission: str) -> dict[str, str]:
        keys = reference.condition_keys(permission)
        if "iam:PermissionsBoundary" in keys:
            return {"iam:PermissionsBoundary": self._boundary()}
        if "lambda:FunctionArn" in keys and "functionName" in self.resource.inputs:
            return {"lambda:FunctionArn": self.resource["functionName"]}
        return {}

    def _boundary(self) -> str:
        return self.policies.find_boundary(self.resource.inputs.get("role") or self.resource["name"])

    def _accepts_tags(self, permission: str) -> bool:
        name = permission.partition(":")[2]
        accepts = permission in _CREATE_KEY_PARTS or reference.takes_tags(permission)
        return accepts and not name.startswith(("Delete", "Untag"))

    def _request_tags(self, permission: str, phase: str) -> Context:
        return self._tags("aws:RequestTag") if phase != "delete" and self._accepts_tags(permission) else {}

    def _resource_tags(self, exists: bool) -> Context:
        return self._tags("aws:ResourceTag") if exists else {}

    def _tags(self, kind: str) -> dict[str, str]:
        # AWS checks a part without tags with the tags of the whole, which has the tag of the layer.
        tags = self.resource.inputs.get("tags") or {"layer": self.layer}
        return {f"{kind}/{name}": value for name, value in tags.items()}


def key_request(
    permission: str, key: str, service: str, context: Mapping[str, str], alias: str = ""
) -> Request:
    """A request that a service makes to KMS on behalf of its caller."""
    keys = {
        "kms:ViaService": f"{service}.{REGION}.amazonaws.com",
        "kms:CallerAccount": ACCOUNT,
        "aws:ResourceTag/layer": "foundation",
    }
    if alias:
        keys["kms:ResourceAliases"] = alias
    if permission == "kms:CreateGrant":
        keys["kms:GrantIsForAWSResource"] = "true"
    if permission != "kms:DescribeKey":
        keys |= {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    return Request(permission, key, keys)
