"""AWS's limits on the registered resources, with the longest names and with eight layers."""

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
from tests.aws.limits import NAMES, Usage, count_characters, measure_usage, select_tightest
from tests.stacks.guarded import SIGNED
from tests.stacks.mocked_aws import REGION
from tests.stacks.recording import RecordedProgram, RecordedResource, run_layers

LONGEST_SUFFIX = "twelve-chars"
LONGEST_REGION = "ap-southeast-2"
# The share of each limit that must remain free.
MIN_FREE_SHARE = 0.01

Record = Callable[[str, object], None]


def record_margins(record_property: Record, title: str, usages: list[Usage]) -> None:
    """Record the usage for the summary of the test run, which tests/conftest.py prints."""
    for usage in select_tightest(usages)[:12]:
        record_property("margin", f"{title}: {usage}")


def find_nearly_full(usages: list[Usage]) -> list[str]:
    return [str(usage) for usage in usages if usage.used > usage.allowed * (1 - MIN_FREE_SHARE)]


def lengthen_program(program: RecordedProgram) -> RecordedProgram:
    """The program with IDs as long as AWS's generated IDs, in the region with the longest name."""
    return replace(program, resources=[_lengthen_resource(resource) for resource in program.resources])


def _lengthen_resource(resource: RecordedResource) -> RecordedResource:
    inputs = {
        key: _lengthen_ids(value) if isinstance(value, str) else value
        for key, value in resource.inputs.items()
    }
    return replace(resource, inputs=inputs)


def _lengthen_ids(text: str) -> str:
    text = re.sub(r"(:key/)[a-z]+", rf"\g<1>{'0' * 36}", text.replace(REGION, LONGEST_REGION))
    return re.sub(r"(:(subnet|security-group|vpc)/)[a-z0-9-]+", rf"\g<1>\g<2>-{'0' * 17}", text)


@pytest.fixture(scope="module", params=[{}, SIGNED], ids=["unsigned", "signed"])
def longest_names(request: pytest.FixtureRequest) -> Programs:
    """The layers with the longest suffix and region."""
    layers = ("foundation", "data", "processing", "edge")
    config = {f"fraud-{layer}:nameSuffix": LONGEST_SUFFIX for layer in layers} | request.param
    return {name: lengthen_program(program) for name, program in run_layers("prod", config).items()}


@pytest.fixture(
    params=[("", False), (LONGEST_SUFFIX, False), (LONGEST_SUFFIX, True)],
    ids=["no suffix", "longest suffix", "longest suffix, signed"],
)
def eight_layers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> RecordedProgram:
    suffix, code_signing = request.param
    foundation = foundation_with_eight_layers(monkeypatch, suffix, code_signing=code_signing)
    return lengthen_program(foundation)


def test_resources_are_within_the_limits_of_aws(longest_names: Programs, record_property: Record) -> None:
    usages = measure_usage(longest_names)
    record_margins(record_property, "Limits", usages)
    assert find_nearly_full(usages) == []
    assert len({usage.limit for usage in usages}) > 25


def test_policies_are_within_the_limits_of_aws_with_eight_layers(
    eight_layers: RecordedProgram, record_property: Record
) -> None:
    usages = measure_usage({"foundation": eight_layers})
    record_margins(record_property, "Eight layers", usages)
    roles = {role["name"] for role in eight_layers.find_all("iam/role:Role")}
    assert len([name for name in roles if "-deploy-" in name]) == len(EIGHT)
    assert find_nearly_full(usages) == []


def test_boundary_does_not_grow_with_further_layers(monkeypatch: pytest.MonkeyPatch, prod: Programs) -> None:
    eight = foundation_with_eight_layers(monkeypatch)

    def measure_boundaries(program: RecordedProgram) -> dict[str, int]:
        return {
            policy.name: count_characters(policy["policy"])
            for policy in program.find_all("iam/policy:Policy")
        }

    before, after = measure_boundaries(prod["foundation"]), measure_boundaries(eight)
    grown = {name: after[name] - size for name, size in before.items() if after[name] != size}
    # The read-only role tests the tag of each layer.
    assert set(grown) <= {"read"}
    assert grown.get("read", 0) < 200


@pytest.mark.parametrize("type_", sorted(NAMES))
def test_limit_of_a_name_is_at_most_that_of_cloudformation(type_: str) -> None:
    document = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, handlers.find_schema_type(type_)).schema
    key, allowed = NAMES[type_]
    kind = type_.partition(":")[2]
    names = {name.lower() for name in (key, f"{kind}Name", f"Event{key}")}
    lengths = [
        node["maxLength"]
        for name, node in document["properties"].items()
        if name.lower() in names and "maxLength" in node
    ]
    assert all(allowed <= length for length in lengths), lengths


def test_no_name_of_a_layer_or_function_is_a_prefix_of_another() -> None:
    """Patterns such as `fraud-pipeline-data-*` must match the resources of one layer only."""
    layers = [project.layer for project in PROJECTS]
    for names in (layers, list(FUNCTIONS)):
        assert [(a, b) for a in names for b in names if a != b and re.match(rf"{a}-", b)] == []
