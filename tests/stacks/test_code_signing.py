"""Code signing as a setting: packages, signing jobs, what functions accept, and the permissions for it."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts import ContractError
from shared.projects import PROJECTS
from tests.stacks.conftest import Programs
from tests.stacks.evaluation import RecordedRole, deploy_roles
from tests.stacks.guarded import SIGNED
from tests.stacks.mocked_aws import ACCOUNT, CODE_SIGNING_CONFIG, REGION, arn
from tests.stacks.recording import RecordedProgram, RecordedResource, run_program

BUCKET = f"fraud-pipeline-state-{ACCOUNT}-{REGION}"
TYPES = {
    "aws:lambda/codeSigningConfig:CodeSigningConfig",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:signer/signingJob:SigningJob",
    "aws:signer/signingProfile:SigningProfile",
}
FUNCTIONS = [(project.layer, function) for project in PROJECTS for function in project.functions]
EDGE_SIGNING = {"fraud-edge:codeSigning": "true"}

each_function = pytest.mark.parametrize(("layer", "function"), FUNCTIONS)


def find_function(programs: Programs, layer: str, function: str) -> RecordedResource:
    return programs[layer].find_one("lambda/function:Function", f"{function}-function")


def list_resources(programs: Programs) -> Iterator[RecordedResource]:
    for program in programs.values():
        yield from program.resources


def test_without_the_setting_nothing_is_signed(prod: Programs) -> None:
    assert not TYPES & {resource.type for resource in list_resources(prod)}
    for layer, function in FUNCTIONS:
        inputs = find_function(prod, layer, function).inputs
        assert not {"s3Bucket", "s3Key", "codeSigningConfigArn"} & inputs.keys()
    outputs = prod["foundation"].outputs
    assert (outputs["signing_profile_name"], outputs["code_signing_config_arn"]) == ("", "")


def test_profile_is_for_lambda_and_its_name_can_be_created_again(signed: Programs) -> None:
    profile = signed["foundation"].find_one("signer/signingProfile:SigningProfile")
    assert profile["platformId"] == "AWSLambda-SHA384-ECDSA"
    assert "name" not in profile.inputs
    assert profile["namePrefix"]


def test_configuration_accepts_packages_of_the_profile_only(signed: Programs) -> None:
    foundation = signed["foundation"]
    config = foundation.find_one("lambda/codeSigningConfig:CodeSigningConfig")
    assert config["policies"] == {"untrustedArtifactOnDeployment": "Enforce"}
    (publisher,) = config["allowedPublishers"]["signingProfileVersionArns"]
    assert f"/{foundation.outputs['signing_profile_name']}/" in publisher


@each_function
def test_uploaded_package_is_the_one_that_is_deployed_without_signing(
    prod: Programs, signed: Programs, layer: str, function: str
) -> None:
    package = signed[layer].find_one("s3/bucketObjectv2:BucketObjectv2", f"{function}-package")
    plain = find_function(prod, layer, function)
    assert package["source"].path == plain["code"].path
    assert package["bucket"] == BUCKET
    digest = bytes.fromhex(package["key"].rpartition("/")[2].removesuffix(".zip"))
    assert digest == base64.b64decode(plain["sourceCodeHash"])
    # A deploy role may not delete versions of objects.
    assert package.retain
    assert not package.protect


@each_function
def test_function_runs_the_signed_copy_of_its_package(signed: Programs, layer: str, function: str) -> None:
    program = signed[layer]
    package = program.find_one("s3/bucketObjectv2:BucketObjectv2", f"{function}-package")
    job = program.find_one("signer/signingJob:SigningJob", f"{function}-signature")
    source = job["source"]["s3"]
    assert source == {
        "bucket": BUCKET,
        "key": package["key"],
        "version": f"version-of-{function}-package",
    }
    assert job["profileName"] == signed["foundation"].outputs["signing_profile_name"]
    deployed = find_function(signed, layer, function)
    prefix = job["destination"]["s3"]["prefix"]
    assert (deployed["s3Bucket"], deployed["s3Key"]) == (BUCKET, f"{prefix}{function}-signature-id.zip")
    assert deployed.inputs.get("code") is None


@each_function
def test_function_differs_from_an_unsigned_one_in_nothing_else(
    prod: Programs, signed: Programs, layer: str, function: str
) -> None:
    deployed, plain = (find_function(programs, layer, function) for programs in (signed, prod))
    own = {"code", "s3Bucket", "s3Key", "codeSigningConfigArn"}
    assert deployed["codeSigningConfigArn"] == CODE_SIGNING_CONFIG
    assert {key: value for key, value in deployed.inputs.items() if key not in own} == {
        key: value for key, value in plain.inputs.items() if key not in own
    }


def test_other_code_is_another_package_and_another_job(signed: Programs) -> None:
    upstream = {name: signed[name] for name in ("foundation", "data")}
    changed = run_program(
        "processing", "prod", upstream, {**_settings("processing"), "fraud-processing:architecture": "x86_64"}
    )
    for function in ("fraud", "merchants", "notify"):
        before, after = (
            program.find_one("signer/signingJob:SigningJob", f"{function}-signature")["source"]["s3"]["key"]
            for program in (signed["processing"], changed)
        )
        assert before != after
        assert before.rpartition("/")[0] == after.rpartition("/")[0]


def test_layer_without_the_setting_is_not_signed(signed: Programs) -> None:
    """The first step of the way back: foundation still signs, and its roles may remove the configuration."""
    upstream = {name: signed[name] for name in ("foundation", "data")}
    edge = run_program("edge", "prod", upstream)
    assert not TYPES & {resource.type for resource in edge.resources}
    role = RecordedRole.find(signed["foundation"], "deploy-edge")
    for function in ("api", "labels"):
        target = arn("lambda", f"function:fraud-pipeline-{function}")
        assert role.allows("lambda:DeleteFunctionCodeSigningConfig", target)


def test_layer_is_not_signed_before_foundation(prod: Programs) -> None:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    with pytest.raises(ContractError, match="codeSigning"):
        run_program("edge", "prod", upstream, EDGE_SIGNING)


def test_foundation_of_the_last_release_is_deployed_first(prod: Programs) -> None:
    names = ("signing_profile_name", "code_signing_config_arn")
    outputs = {key: value for key, value in prod["foundation"].outputs.items() if key not in names}
    upstream = {"foundation": RecordedProgram("foundation", outputs=outputs), "data": prod["data"]}
    with pytest.raises(ContractError, match="foundation"):
        run_program("edge", "prod", upstream, EDGE_SIGNING)


@pytest.fixture(scope="module")
def signing_roles(signed: Programs) -> dict[str, RecordedRole]:
    return {
        f"deploy-{project.layer}": RecordedRole.find(signed["foundation"], f"deploy-{project.layer}")
        for project in PROJECTS
    }


@pytest.mark.parametrize("layer", ["processing", "edge"])
def test_only_its_own_role_writes_the_packages_of_a_layer(
    signing_roles: dict[str, RecordedRole], layer: str
) -> None:
    path = f"arn:aws:s3:::{BUCKET}/packages/fraud-{layer}/name/signed/1.zip"
    for name, role in deploy_roles(signing_roles).items():
        assert role.allows("s3:PutObject", path) == (name == layer)
        assert role.boundary_allows("s3:PutObject", path) == (name == layer)
        assert not role.boundary_allows("s3:DeleteObjectVersion", path)


def test_only_layers_with_functions_sign(signed: Programs, signing_roles: dict[str, RecordedRole]) -> None:
    profile = arn("signer", f"/signing-profiles/{signed['foundation'].outputs['signing_profile_name']}")
    signers = {
        name
        for name, role in deploy_roles(signing_roles).items()
        if role.allows("signer:StartSigningJob", profile)
    }
    assert signers == {"processing", "edge"}
    for role in signing_roles.values():
        assert not role.policy_allows("signer:StartSigningJob", arn("signer", "/signing-profiles/other"))


@pytest.mark.parametrize("layer", ["processing", "edge"])
def test_layer_cannot_change_what_functions_accept(
    signing_roles: dict[str, RecordedRole], layer: str
) -> None:
    role, tags = signing_roles[f"deploy-{layer}"], {"aws__ResourceTag_layer": "foundation"}
    changes = ("DeleteCodeSigningConfig", "UpdateCodeSigningConfig", "TagResource", "UntagResource")
    for action in changes:
        assert not role.allows(f"lambda:{action}", CODE_SIGNING_CONFIG, **tags), action
    for action in ("CancelSigningProfile", "PutSigningProfile", "RevokeSigningProfile"):
        assert not role.boundary_allows(f"signer:{action}", arn("signer", "/signing-profiles/any"), **tags)
    assert not role.policy_allows(
        "lambda:PutFunctionCodeSigningConfig", arn("lambda", f"code-signing-config:csc-{'1' * 17}")
    )


@pytest.mark.parametrize("layer", ["processing", "edge"])
def test_shorter_policies_allow_what_the_longer_ones_allow(
    prod: Programs, signing_roles: dict[str, RecordedRole], layer: str
) -> None:
    before = RecordedRole.find(prod["foundation"], f"deploy-{layer}")
    after = signing_roles[f"deploy-{layer}"]
    statements = _statements(before)
    resources = {arn.replace("*", "x") for statement in statements for arn in statement["Resource"]}
    actions = {action for statement in statements for action in statement["Action"]}
    differences = {
        (action, resource)
        for action in actions
        for resource in resources
        if before.allows(action, resource) != after.allows(action, resource)
    }
    assert differences == set()
    assert len(actions) > 60


def _statements(role: RecordedRole) -> list[dict[str, Any]]:
    return [
        statement
        for statement in json.loads(role.permissions["policy"])["Statement"]
        if statement["Effect"] == "Allow"
    ]


def _settings(layer: str) -> dict[str, str]:
    return {key: value for key, value in SIGNED.items() if key.startswith(f"fraud-{layer}:")}
