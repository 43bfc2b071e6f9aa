"""Proofs by mutation: without a part, a policy refuses a call that it must allow, or allows another one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ministack.core.iam_evaluator import fnmatch_iam

from tests.aws.policies import Context, Request
from tests.least_privilege.calls import Call
from tests.least_privilege.evaluation import ALLOW_ALL, API, ROLE, Policy
from tests.least_privilege.mutations import Document, Part, as_list, remove
from tests.stacks.mocked_aws import ACCOUNT

# A value that no policy names.
FOREIGN = "foreign"
_OTHER_ACCOUNT = "999999999999"


def find_need(policy: Policy, part: Part) -> Call | None:
    """A call that the policy allows only with this part; None if there is none."""
    changed = policy.change(remove(policy.document, part))
    for call in policy.calls:
        is_candidate = not part.action or fnmatch_iam(call.request.action, part.action)
        if is_candidate and policy.allows(call) and not changed.allows(call):
            return call
    return None


def find_exclusion(policy: Policy, condition: Part) -> Call | None:
    """A call that the policy refuses only because of this condition; None if there is none."""
    changed = policy.change(remove(policy.document, condition))
    statement = policy.document["Statement"][condition.position]
    for call in _calls_of(policy, statement):
        for forbidden in _violate(call, condition):
            if not policy.allows(forbidden) and changed.allows(forbidden):
                return forbidden
    return None


def find_denied_call(policy: Policy, denial: Part) -> Call | None:
    """A call that a role with every permission may make only without this denial; None if there is none."""
    statement = policy.document["Statement"][denial.position]
    keys = _satisfy(statement)
    # The rest of the context is that of a call that no other denial is about.
    usual = next((c.request.context for c in policy.calls if policy.kind == API), {})
    action, resource = denial.action.replace("*", "X"), denial.resource.replace("*", "x")
    request = Request(action, resource, {**usual, **keys})
    account = _OTHER_ACCOUNT if "aws:PrincipalAccount" in keys else ACCOUNT
    call = Call(policy.owner, "be denied", request, account=account)
    for document in _with_everything(policy, statement):
        full = policy.change(document)
        without = policy.change(remove(document, denial))
        if not full.allows(call) and without.allows(call):
            return call
    return None


def _with_everything(policy: Policy, statement: Document) -> Iterator[Document]:
    """The document for a role that is given everything."""
    allowance = ALLOW_ALL["Statement"] if policy.kind == ROLE or "Principal" not in statement else []
    if "Principal" in statement:
        allowance = [{**ALLOW_ALL["Statement"][0], "Principal": "*"}]
    yield {**policy.document, "Statement": [*policy.document["Statement"], *allowance]}


def _calls_of(policy: Policy, statement: Document) -> Iterator[Call]:
    """The calls that a statement is about. A denial has no needed call, so that one is made up."""
    alone = policy.change({"Statement": [statement]})
    for call in policy.calls:
        if alone.allows(call):
            yield call


def _violate(call: Call, condition: Part) -> Iterator[Call]:
    """The call with a foreign value of the condition's key, and without the key."""
    if condition.key == "aws:PrincipalArn":
        yield replace(call, caller=FOREIGN)
        return
    context = dict(call.request.context)
    without = {name: value for name, value in context.items() if name.lower() != condition.key.lower()}
    present = without != context
    value: str | tuple[str, ...] = _foreign_value(context.get(condition.key, ""), condition)
    if condition.operator != "Null":
        yield _with_context(call, {**without, condition.key: value})
    if present:
        yield _with_context(call, without)
    elif condition.operator == "Null":
        yield _with_context(call, {**without, condition.key: FOREIGN})


def _foreign_value(value: str | Sequence[str], condition: Part) -> str | tuple[str, ...]:
    if condition.operator == "Bool":
        return "false"
    if isinstance(value, str):
        return value.replace(ACCOUNT, _OTHER_ACCOUNT) if ACCOUNT in value else FOREIGN
    return (*value, FOREIGN) if condition.operator.startswith("ForAllValues") else (FOREIGN,)


def _with_context(call: Call, context: Mapping[str, str | Sequence[str]]) -> Call:
    return replace(call, request=replace(call.request, context=context))


def _satisfy(statement: Document) -> Context:
    """Keys that satisfy the conditions of a denial."""
    return {
        key: _make_foreign(operator) if "Not" in operator else str(as_list(values)[0])
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
    }


def _make_foreign(operator: str) -> str:
    return "203.0.113.9" if operator.endswith("IpAddress") else FOREIGN
