"""The files and folders of the embedded AWS under its root folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EmulatorLayout:
    """The paths below one root folder (`.local` in a clone), which belongs to one emulator."""

    root: Path

    @property
    def endpoint(self) -> Path:
        """Exists while the emulator is ready."""
        return self.root / "endpoint.json"

    @property
    def log(self) -> Path:
        return self.root / "emulator.log"

    @property
    def mailbox(self) -> Path:
        return self.root / "mailbox"

    @property
    def marker(self) -> Path:
        """Pulumi's copy of the state token (see local/state_marker.py); deleted with Pulumi's state."""
        return self.root / "pulumi" / "emulator-marker"

    @property
    def emulator(self) -> Path:
        """The state that a reset deletes, except the mailbox."""
        return self.root / "emulator"

    @property
    def aws_state(self) -> Path:
        """ministack's state of its services between runs."""
        return self.emulator / "state"

    @property
    def delivery_state(self) -> Path:
        """State of local/delivery between runs."""
        return self.emulator / "hops"

    @property
    def temporary(self) -> Path:
        """TMPDIR of the emulator, emptied at every start and stop because ministack leaves folders there."""
        return self.emulator / "tmp"

    @property
    def runtime(self) -> Path:
        """The packages of Lambda's runtime, on the path of every function."""
        return self.emulator / "runtime"

    @property
    def home(self) -> Path:
        return self.emulator / "home"

    @property
    def credentials(self) -> Path:
        """Credentials of the root user. A reset keeps them, so that open terminals remain usable."""
        return self.root / "credentials.json"

    @property
    def port(self) -> Path:
        """The port of the last run, which the next run prefers."""
        return self.root / "port"

    @property
    def start_lock(self) -> Path:
        """Lock of the process that starts, stops or resets the emulator."""
        return self.root / "start.lock"

    @property
    def daemon_lock(self) -> Path:
        """Lock of the daemon; the operating system releases it when the daemon ends."""
        return self.root / "daemon.lock"
