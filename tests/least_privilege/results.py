"""The results of a run: one proof for each permission, condition and denial, as JSON and as digests."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.least_privilege.mutations import Document, Part
from tests.stacks.recording import ROOT

RECORDED = ROOT / "docs" / "least-privilege.json"
EMBEDDED, EVALUATED, RULE, UNPROVED = "embedded AWS", "evaluator", "AWS rule", "unproved"


@dataclass(frozen=True)
class Proof:
    """A part of a policy, the means of its proof, and what happens without the part.

    `part`: an action, a condition or a value. `resource`: the resource of a permission.
    """

    policy: str
    kind: str
    statement: str
    part: str
    resource: str
    means: str
    without: str
    link: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Identifies the part of the policy."""
        return (self.policy, self.kind, self.statement, self.part, self.resource)


def make_proof(policy: str, kind: str, part: Part, effect: "Effect") -> Proof:
    """The proof of a part, whose names are canonical."""
    statement = part.sid or str(part.position)
    return Proof(policy, kind, statement, describe_part(part), part.resource, *effect)


class Effect(NamedTuple):
    """The means of a proof, and what happens without the part."""

    means: str
    without: str
    link: str = ""


@dataclass(frozen=True)
class Results:
    """`policies`: the digest of each policy. `forbidden`: the denied calls by role.

    `unenforced`: the list of what the embedded AWS does not enforce.
    """

    proofs: list[Proof] = field(default_factory=list)
    policies: dict[str, str] = field(default_factory=dict)
    forbidden: dict[str, list[str]] = field(default_factory=dict)
    unenforced: list[dict[str, str]] = field(default_factory=list)

    def unproved(self) -> list[Proof]:
        return [proof for proof in self.proofs if proof.means == UNPROVED]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def write(self, path: Path = RECORDED) -> None:
        """Write each proof on a line of its own, so that a change of a policy changes few lines."""
        content = self.as_json()
        lines = [json.dumps({k: v for k, v in proof.items() if v}) for proof in content.pop("proofs")]
        head = json.dumps(content, indent=1).removesuffix("\n}")
        text = head + ',\n "proofs": [\n' + ",\n".join(lines) + "\n ]\n}\n"
        path.write_text(text, encoding="utf-8")


def read_recorded_digests() -> Mapping[str, str]:
    """The digests of the policies of the recorded run."""
    return dict(json.loads(RECORDED.read_text(encoding="utf-8"))["policies"])


def describe_part(part: Part) -> str:
    """An action, a condition or a value as the table shows it."""
    if part.key:
        value = f" {part.value}" if part.value else ""
        return f"{part.operator} {part.key}{value}"
    return part.action or "every action"


def canonicalize(document: Document, keys: Mapping[str, str] | None = None) -> Document:
    """The document without IDs that AWS generates, so that those of two accounts are equal.

    `keys`: the purposes of the keys by ID.
    """
    text = json.dumps(document)
    for pattern in (r"(?<=subnet/)[\w-]+", r"(?<=security-group/)[\w-]+", r"(?<=vpc/)[\w-]+"):
        names = list(dict.fromkeys(re.findall(pattern, text)))
        for number, name in enumerate(names, 1):
            text = re.sub(pattern.replace(r"[\w-]+", rf"{re.escape(name)}(?![\w-])"), str(number), text)
    for key, purpose in (keys or {}).items():
        text = text.replace(f"key/{key}", f"key/{purpose}")
    text = re.sub(r"(?<=/stream/)[\w:.-]+", "*", text)
    return dict(json.loads(re.sub(r"\b\d{12}\b", "ACCOUNT", text)))


def digest(document: Document) -> str:
    """A short digest of a canonical document."""
    text = json.dumps(canonicalize(document), sort_keys=True)
    hexadecimal = hashlib.sha256(text.encode()).hexdigest()
    # In groups, so that no search for secrets takes it for one.
    return "-".join(hexadecimal[start : start + 4] for start in range(0, 16, 4))
