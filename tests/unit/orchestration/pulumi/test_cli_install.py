from orchestration.environments import ROOT
from orchestration.pulumi import cli_install
from orchestration.pulumi.cli_install import CLI_MODULE, HOST_MODULE


def test_go_module_has_the_version_of_the_sdk() -> None:
    requirements = (ROOT / "requirements" / "dev.txt").read_text()
    assert f"\npulumi=={cli_install.read_pinned_version()} " in requirements


def test_both_modules_require_the_same_go() -> None:
    required = {
        line
        for module in (CLI_MODULE, HOST_MODULE)
        for line in (module / "go.mod").read_text().splitlines()
        if line.startswith("go ")
    }
    assert len(required) == 1
