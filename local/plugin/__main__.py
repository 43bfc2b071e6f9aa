"""Entry point of the provider executable, which the Pulumi engine starts (see `local.plugin.install`)."""

import sys

from local.plugin.server import serve

if __name__ == "__main__":
    serve(sys.argv[1:])
