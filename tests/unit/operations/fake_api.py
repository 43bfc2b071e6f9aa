"""An HTTP API on loopback with prepared responses, which records its requests."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.credentials import Credentials

from operations.api_target import ApiTarget

Answer = tuple[int, bytes, dict[str, str]]
CREATED: Answer = (201, b"{}", {})


@dataclass(frozen=True)
class Request:
    """One request. `connection` is the client's port, which identifies the connection."""

    body: bytes
    headers: Mapping[str, str]
    connection: int

    def transaction(self) -> dict[str, object]:
        return dict(json.loads(self.body))


@dataclass
class FakeApi:
    """Answers each request with the next of `answers` (status, body, headers), then with `respond` (201)."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    on_request: Callable[[Request], None] = lambda _: None
    respond: Callable[[Request], Answer] = lambda _: CREATED

    def answer(self, status: int, problem: Mapping[str, object] | None = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, json.dumps(problem or {}).encode(), named))

    def target(self) -> ApiTarget:
        return ApiTarget(self.url, "eu-north-1", Credentials("AKIDEXAMPLE", "not-a-secret"))


@contextmanager
def running() -> Iterator[FakeApi]:
    """Serve until the context ends."""
    api = FakeApi()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                request = Request(body, dict(self.headers.items()), self.client_address[1])
                api.requests.append(request)
                status, answer, headers = api.answers.pop(0) if api.answers else api.respond(request)
            api.on_request(request)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        api.url = f"http://127.0.0.1:{server.server_port}/stage/transactions"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield api
        server.shutdown()
