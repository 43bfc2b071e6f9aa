"""Server that runs a stack's `__main__.py` of another tree, with another interpreter, for the Pulumi CLI.

Run as a script and never imported: `python -P program_server.py ROOT LAYER FAILURE`, with ROOT on PYTHONPATH.
It needs only the Pulumi SDK of that tree. It prints its port on the first line of standard output, writes the
exception of the program to the file FAILURE, and exits when its standard input is closed, so that it does not
outlive the process that started it.
"""

import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from pulumi.automation._server import LanguageServer  # Every version of the SDK has it here.
from pulumi.runtime.proto import language_pb2_grpc

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
GRPC_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
]


def run_server(root: Path, layer: str, failure: Path) -> None:
    """Serve the program until standard input is closed."""
    # The tree of this file can be on the path. Modules that the other tree lacks must not come from here.
    own_root = Path(__file__).resolve().parents[2]
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != own_root]
    output = os.fdopen(os.dup(1), "w")
    # Output of the program goes to standard error: the client reads the port from standard output.
    os.dup2(2, 1)
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=GRPC_OPTIONS)
    language_server = LanguageServer(lambda: run_program(root, layer, failure))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(language_server, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    output.write(f"{port}\n")
    output.close()
    sys.stdin.buffer.read()
    # `sys.exit` would wait for a program that hangs.
    os._exit(0)


def run_program(root: Path, layer: str, failure: Path) -> None:
    """Run the program and record its exception: a line that describes it, then the traceback."""
    failure.unlink(missing_ok=True)
    try:
        runpy.run_path(str(root / "stacks" / layer / "__main__.py"), run_name=f"{layer}.__main__")
    except BaseException as error:
        failure.write_text(f"{describe_error(error, root, layer)}\n{traceback.format_exc()}")
        raise


def describe_error(error: BaseException, root: Path, layer: str) -> str:
    """Return `file:line: type: message`, on one line."""
    frames = traceback.extract_tb(error.__traceback__)
    in_stacks = [frame for frame in frames if Path(frame.filename).is_relative_to(root / "stacks")]
    location = (
        f"{Path(in_stacks[-1].filename).relative_to(root)}:{in_stacks[-1].lineno}"
        if in_stacks
        else f"stacks/{layer}"
    )
    return f"{location}: {type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"


if __name__ == "__main__":
    run_server(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
