"""Deployment of the four stacks to the embedded AWS, once per test run."""

from local.embedded import EmbeddedAws
from operations.deployed import DeployedPipeline
from orchestration.environments import LOCAL, ROOT, Environment
from orchestration.layers import select_layers
from orchestration.planning.deployer import Deployer
from orchestration.planning.runner import DeployOptions
from orchestration.session import EnvironmentSession


def deploy_stacks(aws: EmbeddedAws) -> DeployedPipeline:
    """Deploy the stacks as `invoke deploy` does, with Pulumi's state in the emulator's folder."""
    session = EnvironmentSession(Environment(LOCAL, ROOT, state=aws.root))
    engine = session.open_engine(changing=True)
    Deployer(session.environment, engine, _never_asked, options=DeployOptions(ask_first=False)).deploy(
        select_layers([])
    )
    return DeployedPipeline(session.environment, session.open_reading_engine())


def _never_asked(question: str, _word: str) -> None:
    raise AssertionError(f"A local deployment must not ask for confirmation, but asked: {question}")
