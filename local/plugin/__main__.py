"""Entry point of the provider executable, which the Pulumi engine starts (see `local.plugin.install`)."""

import gc
import sys

from local.plugin.server import serve

if __name__ == "__main__":
    # The process serves one update. Few of its objects become garbage.
    gc.set_threshold(20_000, 20, 100)
    serve(sys.argv[1:])
