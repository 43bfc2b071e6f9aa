"""The four stacks, deployed once per test run to the embedded AWS that all tests share."""

from local.embedded import EmbeddedAws
from operations.deployed import Deployed
from orchestration import engines
from orchestration.environments import LOCAL, ROOT, Environment
from orchestration.layers import select
from orchestration.planning.deployer import Deployer, Ways


def deploy(aws: EmbeddedAws) -> Deployed:
    """Deploy this tree's stacks as `invoke deploy` does, with their state beside the emulator's."""
    environment = Environment(LOCAL, ROOT, state=aws.root)
    engine = engines.open_engine(environment, changing=True)
    Deployer(environment, engine, _never_asked, ways=Ways(plan_first=False)).deploy(select([]))
    return Deployed(environment, engines.reading_engine(environment))


def _never_asked(question: str, _word: str) -> None:
    raise AssertionError(f"local deployments ask nothing, but: {question}")
