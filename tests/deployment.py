"""The four stacks, deployed once per test run to the embedded AWS that all tests share."""

from local.embedded import EmbeddedAws
from orchestration import session
from orchestration.deployment.deploy import Deployer, Ways
from orchestration.environments import LOCAL, ROOT, Environment
from orchestration.layers import select
from orchestration.transactions.wiring import Deployed


def deploy(aws: EmbeddedAws) -> Deployed:
    """Deploy this tree's stacks as `invoke deploy` does, with their state beside the emulator's."""
    environment = Environment(LOCAL, ROOT, state=aws.root)
    engine = session.open_engine(environment, changing=True)
    Deployer(environment, engine, _never_asked, ways=Ways(plan_first=False)).deploy(select([]))
    return Deployed(environment, session.reading_engine(environment))


def _never_asked(question: str, _word: str) -> None:
    raise AssertionError(f"local deployments ask nothing, but: {question}")
