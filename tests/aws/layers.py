"""Foundation with eight layers: the layers of the repository and four similar ones."""

from collections.abc import Callable

import pytest

from shared import names
from shared.arns import Arns
from shared.projects import PROJECTS, Project
from stacks.foundation import key_statements
from stacks.foundation.deploy_roles import layer_resources, roles, state_statements
from stacks.foundation.deploy_roles.layer_resources import KeyUse, OwnedResources, ResourceGroup
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import RecordedProgram, run_program

_READS = ("foundation", "data")
ADDED = (
    Project("settlement", owner="finance", depends_on=_READS, functions=("settle", "reconcile")),
    Project("case-management", owner="operations", depends_on=_READS, functions=("case-open", "case-close")),
    Project("enrichment", owner="data-platform", depends_on=_READS, functions=("geolocation", "sanctions")),
    Project("compliance", owner="legal", depends_on=("foundation",), functions=("retention", "disclosure")),
)
EIGHT = (*PROJECTS, *ADDED)


def foundation_with_eight_layers(
    patch: pytest.MonkeyPatch, suffix: str = "", *, code_signing: bool = False
) -> RecordedProgram:
    """The program of foundation for the eight layers. `suffix`: the suffix of every name."""
    functions = (*names.FUNCTIONS, *(function for project in ADDED for function in project.functions))
    for module in (names, key_statements):
        patch.setattr(module, "FUNCTIONS", functions)
    for module in (roles, state_statements):
        patch.setattr(module, "PROJECTS", EIGHT)
    added = {project.layer: _owned_resources(project) for project in ADDED}
    patch.setattr(layer_resources, "_RESOURCES_BY_LAYER", {**layer_resources._RESOURCES_BY_LAYER, **added})
    config = {
        "fraud-foundation:nameSuffix": suffix,
        "fraud-foundation:codeSigning": str(code_signing).lower(),
    }
    return run_program("foundation", "prod", {}, config)


def make_arns(suffix: str = "") -> Arns:
    return Arns(partition="aws", account_id=ACCOUNT, region=REGION, names=names.Names(suffix))


def _owned_resources(project: Project) -> Callable[[Arns], OwnedResources]:
    """As many resources as the layer processing: queues, a table, a topic, a rule, mappings."""

    def list_resources(arns: Arns) -> OwnedResources:
        def make_name(kind: str) -> str:
            return arns.names.failure_queue(f"{project.layer}-{kind}")

        queues = [arns.regional("sqs", make_name(kind)) for kind in ("requests", "retry", "dead", "function")]
        functions = [arns.function(name) for name in project.functions]
        return OwnedResources(
            groups=[
                ResourceGroup(name="Queues", types=layer_resources._QUEUE, arns=queues),
                ResourceGroup(
                    name="Table",
                    types=["dynamodb/table:Table"],
                    arns=[arns.regional("dynamodb", f"table/{make_name('table')}")],
                ),
                ResourceGroup(
                    name="Topic",
                    types=layer_resources._TOPIC,
                    arns=[arns.regional("sns", make_name("topic"))],
                ),
                ResourceGroup(
                    name="Rule",
                    types=layer_resources._RULE,
                    arns=[arns.regional("events", f"rule/{make_name('rule')}")],
                ),
                ResourceGroup(
                    name="Mappings",
                    types=["lambda/eventSourceMapping:EventSourceMapping"],
                    arns=[arns.regional("lambda", "event-source-mapping:*")],
                    tagged=True,
                    create_arns=["*"],
                    create_conditions={"ArnEquals": {"lambda:FunctionArn": functions}},
                ),
            ],
            keys=[KeyUse(purpose="data", service="dynamodb", grants=True, to_read=False)],
        )

    return list_resources
