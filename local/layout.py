"""The files and folders of the embedded AWS under its root folder."""

from pathlib import Path


class EmulatorLayout:
    """The paths below one root folder (`.local` in a clone), which belongs to one emulator."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Exists while the emulator is ready.
        self.endpoint = root / "endpoint.json"
        self.log = root / "emulator.log"
        self.mailbox = root / "mailbox"
        # Pulumi's copy of the state token (see local/state_marker.py); deleted with Pulumi's state.
        self.marker = root / "pulumi" / "emulator-marker"
        # Credentials of the root user. A reset keeps them, so that open terminals remain usable.
        self.credentials = root / "credentials.json"
        # The port of the last run, which the next run prefers.
        self.port = root / "port"
        # Lock of the process that starts, stops or resets the emulator.
        self.start_lock = root / "start.lock"
        # Lock of the daemon; the operating system releases it when the daemon ends.
        self.daemon_lock = root / "daemon.lock"
        # The state that a reset deletes, except the mailbox.
        self.emulator = root / "emulator"
        # ministack's state of its services between runs.
        self.aws_state = self.emulator / "state"
        # State of local/delivery between runs.
        self.delivery_state = self.emulator / "hops"
        # TMPDIR of the emulator, emptied at every start and stop because ministack leaves folders there.
        self.temporary = self.emulator / "tmp"
        # The packages of Lambda's runtime, on the path of every function.
        self.runtime = self.emulator / "runtime"
        self.home = self.emulator / "home"
