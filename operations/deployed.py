"""Opens an environment for the tasks that operate it."""

from orchestration import environments, session
from orchestration.transactions.wiring import Deployed


def open_deployed(env: str) -> Deployed:
    """The deployed environment `env`. Raises UserError for credentials of another AWS account."""
    environment = environments.find(env)
    # Every account has the same names: with the wrong credentials, another environment would be repaired.
    session.check_guards(environment)
    return Deployed.in_environment(environment)
