"""The deployed API answers requests that schemathesis generates as docs/openapi.json says."""

import os
import subprocess

from botocore.httpsession import get_cert_path

from orchestration.environments import ROOT
from orchestration.tool_environment import install_tool
from tests.e2e.pipeline import PipelineClient
from tests.fuzz.conftest import VARIABLE

_HOOKS = ROOT / "tools" / "schemathesis" / "sign_requests.py"
_CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance", "ignored_auth"),
)
# A request takes longer than a call in this process.
_nightly = int(os.environ.get(VARIABLE, "0"))
_OPTIONS = (
    "--max-examples",
    str(_nightly // 200 or 10),
    *(() if _nightly else ("--generation-deterministic",)),
)


def test_answers_of_the_deployed_api_match_the_openapi_document(pipeline: PipelineClient) -> None:
    python = install_tool("schemathesis", "44 MB, half a minute")
    target = pipeline.target
    credentials = target.credentials.get_frozen_credentials()
    environment = {
        "PATH": os.defpath,
        "HOME": str(python.parent),
        "SCHEMATHESIS_HOOKS": str(_HOOKS),
        "AWS_REGION": target.region,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        **({"AWS_SESSION_TOKEN": credentials.token} if credentials.token else {}),
    }
    completed = subprocess.run(
        [
            python.with_name("schemathesis"), "run", ROOT / "docs" / "openapi.json",
            "--url", target.url.removesuffix("/transactions"),
            "--checks", ",".join(_CHECKS),
            "--phases", "examples,coverage,fuzzing", *_OPTIONS,
            "--no-color", "--tls-verify", get_cert_path(True),
        ],
        env=environment,
        cwd=python.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stdout + completed.stderr
