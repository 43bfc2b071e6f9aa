"""The embedded AWS that the environment `local` deploys to; only orchestration and tests import it."""
