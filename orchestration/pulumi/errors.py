"""What the engine's failures mean to a user: one line each, and what to do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pulumi.automation.errors import CommandError

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.existing_resources import Existing, already_exists
from terminal.errors import UserError

_NO_BUCKET = re.compile(r"NoSuchBucket")
_NO_KEY = re.compile(
    r"secrets manager.* KMS: \w+, .*(NotFoundException|KMSInvalidStateException|DisabledException)"
)
_NO_CREDENTIALS = re.compile(
    r"failed to refresh cached credentials|InvalidAccessKeyId|ExpiredToken|UnrecognizedClientException"
    r"|InvalidClientTokenId|token has expired|SSO session"
)


def known(text: str, environment: Environment) -> UserError | None:
    """What a user can do about it; None if it is something else."""
    bootstrap = f"invoke bootstrap --env {environment.name}"
    line = " ".join(text.split())
    if _NO_BUCKET.search(line):
        return UserError(
            f"There is no bucket for the state of '{environment.name}'.", f"Make it: {bootstrap}"
        )
    if _NO_KEY.search(line):
        return UserError(
            f"The key of the secrets of '{environment.name}' is not there, or is disabled.",
            f"Put it right: {bootstrap}",
        )
    if _NO_CREDENTIALS.search(line):
        return UserError(
            f"There are no valid AWS credentials for '{environment.name}'.",
            "Set AWS_PROFILE, or log in with: aws sso login",
        )
    return None


_LOCK = re.compile(r"created by (?P<who>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")
_PREFIX = re.compile(r"^(error: |update failed$|warning: )+")


@dataclass(frozen=True)
class Diagnostic:
    """An error that the engine reported, with the URN of the resource it belongs to (or none).

    `parent` is the URN of the resource's component, and `name` the one that the program gives it in AWS.
    """

    urn: str
    message: str
    parent: str = ""
    name: str = ""

    @property
    def resource(self) -> str:
        """The type and the name, as a user knows them; empty for the stack as a whole."""
        parts = self.urn.split("::")
        if len(parts) != 4 or parts[2] == "pulumi:pulumi:Stack":  # noqa: PLR2004
            return ""
        return f"{parts[3]} ({parts[2].split('$')[-1]})"

    @property
    def line(self) -> str:
        """The resource and its message, on one line."""
        text = " ".join(self.message.split())
        return f"{self.resource}: {text}" if self.resource else text


class LayerError(UserError):
    """A layer could not be deployed, previewed, destroyed or read."""


class MissingUpstreamError(LayerError):
    """A layer reads one, `missing`, that is not deployed."""

    def __init__(self, environment: Environment, layer: Layer, missing: str) -> None:
        super().__init__(
            f"{layer.name} reads {missing}, which is not deployed in '{environment.name}'.",
            f"Deploy it first: invoke deploy --env {environment.name} --layer {missing}",
        )
        self.missing = missing


def explain(
    error: CommandError,
    environment: Environment,
    layer: Layer,
    *,
    diagnostics: Sequence[Diagnostic] = (),
    program: str = "",
) -> LayerError:
    """The error a user reads. `program` is what the layer's program itself failed with, if it did."""
    known = _known(str(error), environment, layer)
    if known:
        return known
    # A resource says what is wrong; the program may have failed only because the engine stopped at that,
    # and the stack says only that something is.
    of_resources = [entry for entry in diagnostics if entry.resource]
    if program and not of_resources:
        return LayerError(f"{layer.name}: {program}")
    reported = of_resources or list(diagnostics)
    if not reported:
        return LayerError(f"{layer.name}: {_last_words(str(error))}")
    more = f" (and {len(reported) - 1} more)" if len(reported) > 1 else ""
    for entry in of_resources:
        if already_exists(entry.message):
            found = Existing.of(layer.name, entry.urn, entry.message, parent=entry.parent, name=entry.name)
            return LayerError(f"{found.message}{more}", found.hint(environment))
    return LayerError(f"{layer.name}: {reported[0].line}{more}")


def _known(text: str, environment: Environment, layer: Layer) -> LayerError | None:
    where = f"-C stacks/{layer.name} -s {environment.name}"
    if "currently locked by" in text or "Another update is currently in progress" in text:
        lock = _LOCK.search(text)
        holder = f" by {lock['who']} (process {lock['pid']}) since {lock['since']}" if lock else ""
        # A lock of `local` whose process is gone is taken away by itself.
        gone = "end that process" if environment.is_local else f"if it is gone: pulumi cancel {where}"
        return LayerError(
            f"{layer.name}: another update holds the stack{holder}.", f"Wait for it to end, or {gone}"
        )
    if "incorrect passphrase" in text:
        return LayerError(
            f"{layer.name}: PULUMI_CONFIG_PASSPHRASE is not the passphrase of '{environment.name}'.",
            "Set the one that the stack was made with.",
        )
    if "passphrase must be set" in text:
        return LayerError(
            f"{layer.name}: the stack's secrets are locked by a passphrase.",
            "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
        )
    if "must be set for login" in text:
        return LayerError(
            f"No Pulumi backend is set for '{environment.name}'.",
            "Set PULUMI_BACKEND_URL, for example s3://<bucket>, or PULUMI_ACCESS_TOKEN.",
        )
    unreachable = known(text, environment)
    return LayerError(unreachable.message, unreachable.hint) if unreachable else None


def _last_words(text: str) -> str:
    # Of what a failed command said, only the first line comes after the name of the stream.
    lines = [line.strip().removeprefix("stderr: ") for line in text.splitlines()]
    errors = [line for line in lines if line.startswith("error: ")]
    useful = errors or [line for line in lines if line and line not in ("stderr:", "stdout:")]
    return _PREFIX.sub("", useful[-1]) if useful else "the Pulumi CLI failed and said nothing"
