"""What is put before the script of every function process: it makes the process more like Lambda's own."""

import importlib.util
import os
from pathlib import Path

from local.delivery.delays import DELAY_SCALE

# The packages of Lambda's Python runtime: boto3 and what it needs.
RUNTIME_PACKAGES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
RUNTIME_VARIABLE = "LOCAL_RUNTIME_PACKAGES"
# Settings of the emulator's, which functions inherit and would not find on AWS. A function's own variable of
# the same name survives: the script after the prelude applies the function's variables again.
SETTINGS = (
    "AUTH",
    "BIND_HOST",
    "DOCKER_HOST",
    DELAY_SCALE,
    "GATEWAY_PORT",
    "IOT_MTLS_ENABLED",
    "LOG_LEVEL",
    "MINISTACK_HOST",
    "PERSIST_STATE",
    "SFTP_ENABLED",
    "STATE_DIR",
)

# Runs inside the function's process, before anything else.
PRELUDE = f"""
def _local_prelude():
    import os, sys, threading

    # A killed emulator cannot end its functions: each of them watches for that itself.
    def watch(parent):
        try:
            import select
            emulator = os.pidfd_open(parent)
            if os.getppid() == parent:
                select.select([emulator], [], [])
        except (AttributeError, OSError):
            import time
            while os.getppid() == parent:
                time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()

    # A module that the function's zip lacks is missing here too: it does not come from the developer's .venv.
    standard = (sys.base_prefix, sys.base_exec_prefix)
    sys.path[:] = [
        path for path in sys.path
        if path.startswith(standard) and "site-packages" not in path and "dist-packages" not in path
    ] + [os.environ.pop("{RUNTIME_VARIABLE}")]
    for name in {SETTINGS!r}:
        os.environ.pop(name, None)

_local_prelude()
"""  # noqa: S608 (a script, no SQL)


def make_runtime(folder: Path) -> None:
    """Fill a folder with links to the packages that Lambda's runtime has, and tell functions where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in RUNTIME_PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        source = Path(spec.origin)
        source = source.parent if source.name == "__init__.py" else source
        link = folder / source.name
        link.unlink(missing_ok=True)
        link.symlink_to(source)
    os.environ[RUNTIME_VARIABLE] = str(folder)
