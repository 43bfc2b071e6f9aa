"""Serves one stack's `__main__.py` to the Pulumi CLI, from another tree and on another interpreter.

Run by its path, never imported: `python -P program_host.py ROOT LAYER FAILURE`, with ROOT on PYTHONPATH, and
with no more than that tree's Pulumi SDK. It prints its port on a line of its own, keeps in the file FAILURE
what the program failed with, and ends when its standard input does: with whoever started it.
"""

import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from pulumi.automation._server import LanguageServer  # its only home, in every version of the SDK
from pulumi.runtime.proto import language_pb2_grpc

MESSAGE_BYTES = 400 * 1024 * 1024
LIMITS = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]


def program(root: Path, layer: str, failure: Path) -> None:
    """Declare the stack's resources, keeping what that fails with."""
    failure.unlink(missing_ok=True)
    try:
        runpy.run_path(str(root / "stacks" / layer / "__main__.py"), run_name=f"{layer}.__main__")
    except BaseException as error:
        failure.write_text(explanation(error, root, layer))
        raise


def explanation(error: BaseException, root: Path, layer: str) -> str:
    """What the program failed with, in which line of the tree."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(root / "stacks")]
    where = f"{Path(own[-1].filename).relative_to(root)}:{own[-1].lineno}" if own else f"stacks/{layer}"
    return f"{where}: {type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"


def main(root: Path, layer: str, failure: Path) -> None:
    """Serve until standard input ends."""
    # The tree that this file belongs to may be on the path for the sake of its own tasks; what the other tree
    # lacks must not come from here.
    here = Path(__file__).resolve().parents[2]
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != here]
    answer = os.fdopen(os.dup(1), "w")
    # What the program prints is no answer.
    os.dup2(2, 1)
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=LIMITS)
    language = LanguageServer(lambda: program(root, layer, failure))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(language, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    answer.write(f"{port}\n")
    answer.close()
    sys.stdin.buffer.read()
    # Not `sys.exit`: a program that hangs must not keep this alive.
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
