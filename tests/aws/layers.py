"""Foundation with eight layers: those of the repository, and four more like them."""

from collections.abc import Callable

import pytest

from shared import names
from shared.arns import Arns
from shared.projects import PROJECTS, Project
from stacks.foundation import key_statements
from stacks.foundation.deploy_roles import layer_resources, roles, state_statements
from stacks.foundation.deploy_roles.layer_resources import Held, Holdings, KeyUse
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import Program, run_program

_READS = ("foundation", "data")
ADDED = (
    Project("settlement", owner="finance", depends_on=_READS, functions=("settle", "reconcile")),
    Project("case-management", owner="operations", depends_on=_READS, functions=("case-open", "case-close")),
    Project("enrichment", owner="data-platform", depends_on=_READS, functions=("geolocation", "sanctions")),
    Project("compliance", owner="legal", depends_on=("foundation",), functions=("retention", "disclosure")),
)
EIGHT = (*PROJECTS, *ADDED)


def foundation_with_eight_layers(patch: pytest.MonkeyPatch, suffix: str = "") -> Program:
    """What foundation registers for them. The suffix is that of every name."""
    functions = (*names.FUNCTIONS, *(function for project in ADDED for function in project.functions))
    for module in (names, key_statements):
        patch.setattr(module, "FUNCTIONS", functions)
    for module in (roles, state_statements):
        patch.setattr(module, "PROJECTS", EIGHT)
    added = {project.layer: _holdings(project) for project in ADDED}
    patch.setattr(layer_resources, "_OWN", {**layer_resources._OWN, **added})
    return run_program("foundation", "prod", {}, {"fraud-foundation:nameSuffix": suffix})


def arns_of(suffix: str = "") -> Arns:
    return Arns(partition="aws", account_id=ACCOUNT, region=REGION, names=names.Names(suffix))


def _holdings(project: Project) -> Callable[[Arns], Holdings]:
    """As much as the layer processing has: queues with dead letters, a table, a topic, a rule, mappings."""

    def holdings(arns: Arns) -> Holdings:
        def named(kind: str) -> str:
            return arns.names.failure_queue(f"{project.layer}-{kind}")

        queues = [arns.of("sqs", named(kind)) for kind in ("requests", "retry", "dead", "function")]
        functions = [arns.function(name) for name in project.functions]
        return Holdings(
            held=[
                Held(name="Queues", types=layer_resources._QUEUE, arns=queues),
                Held(
                    name="Table",
                    types=["dynamodb/table:Table"],
                    arns=[arns.of("dynamodb", f"table/{named('table')}")],
                ),
                Held(name="Topic", types=layer_resources._TOPIC, arns=[arns.of("sns", named("topic"))]),
                Held(
                    name="Rule",
                    types=layer_resources._RULE,
                    arns=[arns.of("events", f"rule/{named('rule')}")],
                ),
                Held(
                    name="Mappings",
                    types=["lambda/eventSourceMapping:EventSourceMapping"],
                    arns=[arns.of("lambda", "event-source-mapping:*")],
                    tagged=True,
                    made_at=["*"],
                    made_if={"ArnEquals": {"lambda:FunctionArn": functions}},
                ),
            ],
            keys=[KeyUse(purpose="data", service="dynamodb", grants=True, to_read=False)],
        )

    return holdings
