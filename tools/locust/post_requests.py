"""Posts requests at their scheduled times with locust, in a process of its own: locust patches Python's I/O.

Usage: python post_requests.py URL CONNECTIONS CA_CERTS [PROXY]

Standard input has one JSON object a line: `number`, `at` and `until` (the scheduled and the latest time of
`time.monotonic`, which all processes share), `headers` and `body`. A request waits for earlier responses only
if all connections are in use, and is skipped if that takes until its latest time. At the end of the input,
the process waits for the responses. SIGTERM ends it within two seconds.

Standard output gets `null` when the process is ready, then one JSON object for each posted request: `number`,
`status` (0 without a response), `late` (the seconds from the schedule to the POST), `seconds` (from the
schedule to the response) and `reason`.
"""

import json
import os
import resource
import signal
import sys
import time
from typing import Any
from urllib.parse import urlsplit

# First, because it replaces blocking functions of the standard library.
from locust import FastHttpUser, task

import gevent  # isort: skip
from gevent import ssl
from gevent.event import Event
from gevent.fileobject import FileObject
from gevent.pool import Pool
from gevent.queue import Queue
from geventhttpclient.response import HTTPConnectionClosed
from locust.env import Environment
from locust.exception import StopUser

# API Gateway ends a request after 29 s.
TIMEOUT_SECONDS = 30
GRACE_SECONDS = 2
MAX_QUEUED = 100
MAX_FILES = 4096
REASON_CHARACTERS = 1000
STORED = (200, 201)

url, connections, ca_certs, *proxy = sys.argv[1:]
queued: Queue = Queue(MAX_QUEUED)
in_flight: dict[int, dict[str, Any]] = {}
posters = Pool(int(connections))
finished = Event()


class Poster(FastHttpUser):
    """The only user. It starts each request in a greenlet: a response does not delay later requests."""

    host = url
    concurrency = int(connections)
    network_timeout = connection_timeout = TIMEOUT_SECONDS
    max_redirects = 0
    insecure = False
    proxy_host = urlsplit(proxy[0]).hostname if proxy else None
    proxy_port = urlsplit(proxy[0]).port if proxy else None

    @staticmethod
    def ssl_context_factory() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=ca_certs)

    def on_start(self) -> None:
        """Wait until the first request is due: locust runs the task before its first wait."""
        write_line(None)
        gevent.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Take the next request and return the seconds until it is due."""
        self.request = queued.get()
        return max(0.0, self.request["at"] - time.monotonic()) if self.request else 0.0

    @task
    def start_request(self) -> None:
        if self.request is None:
            posters.join()
            finished.set()
            raise StopUser
        posters.wait_available()
        if time.monotonic() < self.request["until"]:
            posters.spawn(self.post, self.request)

    def post(self, request: dict[str, Any]) -> None:
        request["late"] = time.monotonic() - request["at"]
        in_flight[request["number"]] = request
        error = None
        # The server may close an idle connection at any time. The API is idempotent.
        for _ in range(2):
            response = self.client.post(url, data=request["body"], headers=request["headers"], name="POST")
            error = getattr(response, "error", None)
            # geventhttpclient wraps some errors.
            error = getattr(error, "original", None) or error
            if not isinstance(error, HTTPConnectionClosed | ConnectionResetError | BrokenPipeError):
                break
        status = response.status_code
        reason = "" if status in STORED else (response.text or "") if status else f"{error!r}"
        del in_flight[request["number"]]
        write_result(request, status, reason)


def write_result(request: dict[str, Any], status: int, reason: str) -> None:
    result = {
        "number": request["number"],
        "status": status,
        "late": request["late"],
        "seconds": time.monotonic() - request["at"],
        "reason": reason[:REASON_CHARACTERS],
    }
    write_line(result)


def write_line(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def read_requests() -> None:
    for line in FileObject(0, "rb", closefd=False):
        queued.put(json.loads(line))
    queued.put(None)


def main() -> None:
    """Post the requests on standard input."""
    gevent.signal_handler(signal.SIGTERM, finished.set)
    # macOS allows 256 open files by default.
    limit, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limit, min(MAX_FILES, highest)), highest))
    environment = Environment(user_classes=[Poster], host=url)
    gevent.spawn(read_requests)
    environment.create_local_runner().start(user_count=1, spawn_rate=1)
    finished.wait()
    posters.join(timeout=GRACE_SECONDS)
    for request in list(in_flight.values()):
        write_result(request, 0, "no response before the end")
    # Without locust's shutdown, which waits for its users.
    os._exit(0)


if __name__ == "__main__":
    main()
