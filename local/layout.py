"""Where the embedded AWS keeps its files: the one place that knows the names under the root folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The files below one root folder (`.local` of a clone), which one emulator has for itself."""

    root: Path

    @property
    def endpoint(self) -> Path:
        """Written when the emulator is ready, removed when it stops."""
        return self.root / "endpoint.json"

    @property
    def log(self) -> Path:
        return self.root / "emulator.log"

    @property
    def mailbox(self) -> Path:
        return self.root / "mailbox"

    @property
    def marker(self) -> Path:
        """Pulumi's copy of the token that the emulator holds as well: it goes when Pulumi's state goes."""
        return self.root / "pulumi" / "emulator-marker"

    @property
    def emulator(self) -> Path:
        """Everything a reset removes, but for the mailbox."""
        return self.root / "emulator"

    @property
    def aws_state(self) -> Path:
        """Where ministack keeps its services' state between runs."""
        return self.emulator / "state"

    @property
    def hops_state(self) -> Path:
        """Where the hops that ministack lacks keep theirs."""
        return self.emulator / "hops"

    @property
    def temporary(self) -> Path:
        """The emulator's TMPDIR: ministack leaves folders in it, so it is emptied at start and stop."""
        return self.emulator / "tmp"

    @property
    def runtime(self) -> Path:
        """The packages that every function finds, as in Lambda's runtime."""
        return self.emulator / "runtime"

    @property
    def home(self) -> Path:
        return self.emulator / "home"

    @property
    def credentials(self) -> Path:
        """The root user's, for one clone: it survives a reset, so that terminals keep working."""
        return self.root / "credentials.json"

    @property
    def port(self) -> Path:
        """The port of the last run, which the next one prefers."""
        return self.root / "port"

    @property
    def start_lock(self) -> Path:
        """Held while somebody starts, stops or resets."""
        return self.root / "start.lock"

    @property
    def daemon_lock(self) -> Path:
        """Held by the daemon as long as it lives; the system lets go of it however it dies."""
        return self.root / "daemon.lock"
