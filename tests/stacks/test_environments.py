"""The programs in every environment. Environments differ only in their settings."""

import re

import pytest

from shared.names import WELCOME_LOG_GROUP
from shared.projects import PROJECTS
from tests.stacks.conftest import Programs
from tests.stacks.recording import ROOT, run_layers

ENVIRONMENTS = ("local", "dev", "staging", "prod")
# The settings with which local declares what prod does: it has batches, and the embedded AWS has no X-Ray.
SETTINGS_OF_PROD = {
    "fraud-edge:batchRequestsPerSecond": "0",
    "fraud-edge:historicRequestsPerSecond": "0",
    "fraud-edge:traceSampling": "true",
}
PROGRAMS = ("shared", "functions", "stacks")


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_S5_programs_run_in_every_environment(environment: str) -> None:
    programs = run_layers(environment)
    assert programs["edge"].outputs["api_url"]


def test_C14_local_declares_the_same_resources_as_prod(prod: Programs) -> None:
    def list_resources(programs: Programs) -> list[str]:
        return sorted(
            f"{layer} {resource.type} {resource.name}"
            for layer, program in programs.items()
            for resource in program.resources
            if not resource.name.startswith("email-")
        )

    assert list_resources(run_layers("local", SETTINGS_OF_PROD)) == list_resources(prod)


def test_every_resource_that_supports_tags_has_the_standard_tags(prod: Programs) -> None:
    for project in PROJECTS:
        expected = {
            "project": "fraud-pipeline",
            "environment": "prod",
            "layer": project.layer,
            "owner": project.owner,
        }
        tagged = [resource for resource in prod[project.layer].resources if "tags" in resource.inputs]
        assert tagged
        for resource in tagged:
            assert expected.items() <= resource["tags"].items(), resource.name


def test_owner_of_a_layer_reviews_its_code() -> None:
    owners = (ROOT / "CODEOWNERS").read_text()
    for project in PROJECTS:
        assert re.search(rf"^/stacks/{project.layer}/\s+@example/{project.owner}$", owners, re.MULTILINE)


def test_suffix_is_part_of_every_name_that_stacks_set() -> None:
    config = {f"{project.name}:nameSuffix": "blue" for project in PROJECTS}
    for program in run_layers("dev", config).values():
        for resource in program.resources:
            name = resource.inputs.get("name")
            # AWS sets the name of this log group, which one stack of the account owns.
            if (
                name != WELCOME_LOG_GROUP
                and name
                and resource.type
                not in (
                    "aws:iam/rolePolicy:RolePolicy",
                    "aws:apigateway/model:Model",
                    "aws:apigateway/requestValidator:RequestValidator",
                )
            ):
                assert name.endswith("-blue"), f"{resource.type} {resource.name}: {name}"


def test_C12_code_contains_no_region() -> None:
    region = re.compile(r"\b(us|eu|ap|sa|ca|me|af|il|mx)-(gov-)?(north|south|east|west|central)\w*-\d")
    files = [path for folder in PROGRAMS for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 30
    assert [path for path in files if region.search(path.read_text())] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_C12_every_environment_uses_us_east_1_by_default(environment: str) -> None:
    for project in PROJECTS:
        text = (ROOT / "stacks" / project.layer / f"Pulumi.{environment}.yaml").read_text()
        assert "aws:region: us-east-1" in text


def test_S1_every_layer_is_a_separate_pulumi_project() -> None:
    for project in PROJECTS:
        folder = ROOT / "stacks" / project.layer
        assert f"name: {project.name}\n" in (folder / "Pulumi.yaml").read_text()
        assert len((folder / "__main__.py").read_text().splitlines()) <= 65
