"""The processes of functions: packages and a prelude that make them behave like Lambda's runtime."""

import importlib.util
import os
from pathlib import Path

from local.delivery.delays import DELAY_SCALE

# The packages of Lambda's Python runtime: boto3 and its dependencies.
RUNTIME_PACKAGES = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
RUNTIME_VARIABLE = "LOCAL_RUNTIME_PACKAGES"
# Settings of the emulator that functions inherit and that do not exist on AWS. A function's own variable of
# the same name is not lost: the script after the prelude applies the function's variables again.
EMULATOR_VARIABLES = (
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

# Runs in the process of the function before ministack's script.
PRELUDE = f"""
def _local_prelude():
    import os, sys, threading

    # An emulator that is killed cannot end its functions, so each function watches the emulator.
    def watch_emulator(parent):
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

    threading.Thread(target=watch_emulator, args=(os.getppid(),), daemon=True).start()

    # The developer's .venv is not on the path, so that a module which the zip lacks is missing here as well.
    standard = (sys.base_prefix, sys.base_exec_prefix)
    sys.path[:] = [
        path for path in sys.path
        if path.startswith(standard) and "site-packages" not in path and "dist-packages" not in path
    ] + [os.environ.pop("{RUNTIME_VARIABLE}")]
    for name in {EMULATOR_VARIABLES!r}:
        os.environ.pop(name, None)

_local_prelude()
"""


def link_runtime_packages(folder: Path) -> None:
    """Link the packages of Lambda's runtime into a folder, and pass the folder on to the functions."""
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
