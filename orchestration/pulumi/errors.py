"""Errors of the engine as `LayerError`, each with one message and a hint."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pulumi.automation.errors import CommandError

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.existing_resources import ExistingResource, already_exists
from orchestration.pulumi.program import summarize_traceback
from orchestration.pulumi.urn import describe_resource
from terminal.command_line import command_line
from terminal.errors import CredentialsError, UserError

PROGRAM_HINT = "Correct the program, then run the command again. --verbose shows the traceback."

_LOCK = re.compile(r"created by (?P<user>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")
_NO_BUCKET = re.compile(r"NoSuchBucket")
_NO_KEY = re.compile(
    r"secrets manager.* KMS: \w+, .*(NotFoundException|KMSInvalidStateException|DisabledException)"
)
_NO_CREDENTIALS = re.compile(
    r"failed to refresh cached credentials|InvalidAccessKeyId|ExpiredToken|UnrecognizedClientException"
    r"|InvalidClientTokenId|token has expired|SSO session"
)
_PREFIX = re.compile(r"^(error: |update failed$|warning: )+")


@dataclass(frozen=True)
class Diagnostic:
    """An error that the engine reported about the resource with `urn`, or about the whole stack.

    `parent` is the URN of the parent component. `name` is the name in AWS that the program sets, if any.
    """

    urn: str
    message: str
    parent: str = ""
    name: str = ""

    @property
    def resource(self) -> str:
        """`name (type)` of the resource; empty for the stack."""
        return describe_resource(self.urn)

    @property
    def line(self) -> str:
        """The resource and the message, on one line."""
        text = " ".join(self.message.split())
        return f"{self.resource}: {text}" if self.resource else text


@dataclass(frozen=True)
class Violation:
    """A rule of the policy pack that refused the resource with `urn`. `message` has several lines."""

    urn: str
    message: str

    @property
    def block(self) -> str:
        """The resource and the explanation, in indented lines."""
        # The first line is the same for all rules.
        lines = self.message.strip().splitlines()[1:] or [self.message.strip()]
        resource = describe_resource(self.urn)
        return "\n".join(f"  {line}" for line in ([f"resource: {resource}"] if resource else []) + lines)


class LayerError(UserError):
    """An operation on a layer failed. `may_have_changed` is False if no change of a resource was started."""

    may_have_changed = True


class PolicyViolationError(LayerError):
    """Rules of the policy pack refused resources. `violations` are all of them."""

    def __init__(self, layer: Layer, violations: Sequence[Violation]) -> None:
        # A resource is judged again when its properties are known.
        self.violations = tuple(dict.fromkeys(violations))
        count = len(self.violations)
        verb = "rule refuses" if count == 1 else "rules refuse"
        blocks = "\n\n".join(violation.block for violation in self.violations)
        super().__init__(
            f"{layer.name}: {count} {verb} resources.\n{blocks}",
            "Correct the resources. docs/security-controls.md explains rules and exceptions.",
        )


class MissingUpstreamError(LayerError):
    """A layer reads the outputs of the layer `missing`, which is not deployed."""

    def __init__(self, environment: Environment, layer: Layer, missing: str) -> None:
        super().__init__(
            f"{layer.name}: the upstream layer {missing} is not deployed in '{environment.name}'.",
            f"Deploy it first: {command_line('deploy', env=environment.name, layer=missing)}",
        )
        self.missing = missing


def explain_failure(
    error: CommandError,
    environment: Environment,
    layer: Layer,
    *,
    diagnostics: Sequence[Diagnostic] = (),
    violations: Sequence[Violation] = (),
    program_error: str = "",
    traceback: str = "",
) -> LayerError:
    """Convert an error of the CLI. `program_error` describes the exception of the layer's program, if any.

    `traceback` is the traceback of that exception.
    """
    if known_error := _explain_known_error(str(error), environment, layer):
        return known_error
    if violations:
        return PolicyViolationError(layer, violations)
    # If a resource fails, the engine stops, which can raise an exception in the program, and it reports the
    # stack as failed. The error of the resource is the cause.
    of_resources = [diagnostic for diagnostic in diagnostics if diagnostic.resource]
    if of_resources:
        return _explain_resources(environment, layer, of_resources)
    if not program_error:
        program_error, traceback = _find_program_error(layer, diagnostics)
    if program_error:
        return LayerError(f"{layer.name}: {program_error}", PROGRAM_HINT, traceback)
    if diagnostics:
        return LayerError(f"{layer.name}: {diagnostics[0].line}{_count_others(diagnostics)}")
    return LayerError(f"{layer.name}: {_last_error_line(str(error))}")


def _explain_resources(
    environment: Environment, layer: Layer, diagnostics: Sequence[Diagnostic]
) -> LayerError:
    others = _count_others(diagnostics)
    for diagnostic in diagnostics:
        if already_exists(diagnostic.message):
            existing = ExistingResource.from_message(
                layer.name,
                diagnostic.urn,
                diagnostic.message,
                parent=diagnostic.parent,
                name=diagnostic.name,
            )
            return LayerError(f"{existing.message}{others}", existing.hint(environment))
    return LayerError(f"{layer.name}: {diagnostics[0].line}{others}")


def _find_program_error(layer: Layer, diagnostics: Sequence[Diagnostic]) -> tuple[str, str]:
    """Return summary and text of the first traceback: exceptions in an `apply` are only in diagnostics."""
    for diagnostic in diagnostics:
        if summary := summarize_traceback(diagnostic.message, layer.name):
            return summary, diagnostic.message
    return "", ""


def _explain_known_error(text: str, environment: Environment, layer: Layer) -> LayerError | None:
    return (
        _explain_lock(text, environment, layer)
        or _explain_login(text, environment, layer)
        or _explain_state(text, environment)
    )


def _explain_lock(text: str, environment: Environment, layer: Layer) -> LayerError | None:
    if "currently locked by" not in text and "Another update is currently in progress" not in text:
        return None
    lock = _LOCK.search(text)
    holder = f": {lock['user']} (process {lock['pid']}) since {lock['since']}" if lock else ""
    # A stale lock of `local` is removed automatically.
    cancel = f"pulumi cancel -C stacks/{layer.name} -s {environment.name}"
    remedy = "end that process" if environment.is_local else f"if its process has ended: {cancel}"
    return LayerError(
        f"{layer.name}: another update holds the lock of the stack{holder}.",
        f"Wait until it finishes, or {remedy}",
    )


def _explain_login(text: str, environment: Environment, layer: Layer) -> LayerError | None:
    if "incorrect passphrase" in text:
        return LayerError(
            f"{layer.name}: PULUMI_CONFIG_PASSPHRASE is not the passphrase of '{environment.name}'.",
            "Set the passphrase that the stack was created with.",
        )
    if "passphrase must be set" in text:
        return LayerError(
            f"{layer.name}: the secrets of the stack are encrypted with a passphrase, which is not set.",
            "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
        )
    if "must be set for login" in text:
        return LayerError(
            f"No Pulumi backend is configured for '{environment.name}'.",
            "Set PULUMI_BACKEND_URL, for example s3://<bucket>, or PULUMI_ACCESS_TOKEN.",
        )
    return None


def _explain_state(text: str, environment: Environment) -> LayerError | None:
    bootstrap = command_line("bootstrap", env=environment.name)
    line = " ".join(text.split())
    if _NO_BUCKET.search(line):
        return LayerError(
            f"The bucket for the state of '{environment.name}' does not exist.", f"Create it: {bootstrap}"
        )
    if _NO_KEY.search(line):
        return LayerError(
            f"The KMS key for the secrets of '{environment.name}' does not exist or is disabled.",
            f"Create or enable it: {bootstrap}",
        )
    if _NO_CREDENTIALS.search(line):
        credentials_error = CredentialsError()
        return LayerError(credentials_error.message, credentials_error.hint)
    return None


def _count_others(diagnostics: Sequence[Diagnostic]) -> str:
    return f" (and {len(diagnostics) - 1} more)" if len(diagnostics) > 1 else ""


def _last_error_line(text: str) -> str:
    # `CommandError` puts the name of the stream before the first line of its text.
    lines = [line.strip().removeprefix("stderr: ") for line in text.splitlines()]
    errors = [line for line in lines if line.startswith("error: ")]
    candidates = errors or [line for line in lines if line and line not in ("stderr:", "stdout:")]
    return _PREFIX.sub("", candidates[-1]) if candidates else "the Pulumi CLI failed without a message"
