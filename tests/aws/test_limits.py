"""What the stacks register is within AWS's limits, with the longest names and with eight layers."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from shared.names import FUNCTIONS
from shared.projects import PROJECTS
from tests.aws import handlers
from tests.aws.conftest import Programs
from tests.aws.layers import EIGHT, foundation_with_eight_layers
from tests.aws.limits import NAMES, Usage, characters, measure, tightest
from tests.stacks.mocked_aws import REGION
from tests.stacks.recording import Program, Recorded, run_layers

LONGEST_SUFFIX = "twelve-chars"
LONGEST_REGION = "ap-southeast-2"
# The share of each limit that must stay free.
ROOM = 0.01

Record = Callable[[str, object], None]


def record_margins(record_property: Record, title: str, usages: list[Usage]) -> None:
    """For the summary of the test run: tests/conftest.py prints it."""
    for usage in tightest(usages)[:12]:
        record_property("margin", f"{title}: {usage}")


def too_full(usages: list[Usage]) -> list[str]:
    return [str(usage) for usage in usages if usage.used > usage.allowed * (1 - ROOM)]


def as_on_aws(program: Program) -> Program:
    """The program with ids as long as those that AWS makes up, in the region with the longest name."""
    return replace(program, resources=[_lengthen(each) for each in program.resources])


def _lengthen(resource: Recorded) -> Recorded:
    inputs = {
        key: _with_long_ids(value) if isinstance(value, str) else value
        for key, value in resource.inputs.items()
    }
    return replace(resource, inputs=inputs)


def _with_long_ids(text: str) -> str:
    text = re.sub(r"(:key/)[a-z]+", rf"\g<1>{'0' * 36}", text.replace(REGION, LONGEST_REGION))
    return re.sub(r"(:(subnet|security-group|vpc)/)[a-z0-9-]+", rf"\g<1>\g<2>-{'0' * 17}", text)


@pytest.fixture(scope="module")
def longest() -> Programs:
    """The layers with the longest suffix and region."""
    layers = ("foundation", "data", "processing", "edge")
    config = {f"fraud-{layer}:nameSuffix": LONGEST_SUFFIX for layer in layers}
    return {name: as_on_aws(program) for name, program in run_layers("prod", config).items()}


@pytest.fixture(params=["", LONGEST_SUFFIX], ids=["no suffix", "longest suffix"])
def eight_layers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Program:
    return as_on_aws(foundation_with_eight_layers(monkeypatch, request.param))


def test_everything_is_within_aws_limits(longest: Programs, record_property: Record) -> None:
    usages = measure(longest)
    record_margins(record_property, "Limits", usages)
    assert too_full(usages) == []
    assert len({usage.limit for usage in usages}) > 25


def test_policies_stay_within_aws_limits_with_eight_layers(
    eight_layers: Program, record_property: Record
) -> None:
    usages = measure({"foundation": eight_layers})
    record_margins(record_property, "Eight layers", usages)
    roles = {role["name"] for role in eight_layers.all("iam/role:Role")}
    assert len([name for name in roles if "-deploy-" in name]) == len(EIGHT)
    assert too_full(usages) == []


def test_a_boundary_grows_with_its_own_layer_only(monkeypatch: pytest.MonkeyPatch, prod: Programs) -> None:
    eight = foundation_with_eight_layers(monkeypatch)

    def sizes(program: Program) -> dict[str, int]:
        return {each.name: characters(each["policy"]) for each in program.all("iam/policy:Policy")}

    before, after = sizes(prod["foundation"]), sizes(eight)
    grown = {name: after[name] - size for name, size in before.items() if after[name] != size}
    # The role that looks tests the tag of each layer.
    assert set(grown) <= {"read"}
    assert grown.get("read", 0) < 200


@pytest.mark.parametrize("type_", sorted(NAMES))
def test_the_limit_of_a_name_is_no_more_than_cloudformation_takes(type_: str) -> None:
    document = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, handlers.schema_of(type_)).schema
    key, allowed = NAMES[type_]
    kind = type_.partition(":")[2]
    names = {name.lower() for name in (key, f"{kind}Name", f"Event{key}")}
    lengths = [
        node["maxLength"]
        for name, node in document["properties"].items()
        if name.lower() in names and "maxLength" in node
    ]
    assert all(allowed <= length for length in lengths), lengths


def test_names_begin_with_no_other_layers_or_functions_name() -> None:
    """Patterns such as `fraud-pipeline-data-*` tell the resources of layers apart."""
    layers = [project.layer for project in PROJECTS]
    for names in (layers, list(FUNCTIONS)):
        assert [(a, b) for a in names for b in names if a != b and re.match(rf"{a}-", b)] == []
