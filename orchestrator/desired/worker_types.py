"""TypeScript's types of what a Worker is bound to: a declaration file as `wrangler types` writes one.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.desired.resources import (
    AiBinding,
    AssetsBinding,
    Binding,
    D1Binding,
    KvBinding,
    QueueBinding,
    R2Binding,
    SecretBinding,
    SendEmailBinding,
    ServiceBinding,
    TextBinding,
    Worker,
)
from orchestrator.kinds import Kind
from orchestrator.names import BUILD_ID, MARK, PUBLIC_URL

TYPES: dict[type[Binding], str] = {
    KvBinding: "KVNamespace",
    R2Binding: Kind.R2_BUCKET.type_name,  # the same word in TypeScript
    D1Binding: Kind.D1_DATABASE.type_name,
    QueueBinding: Kind.QUEUE.type_name,
    ServiceBinding: "Fetcher",
    SecretBinding: "string",
    TextBinding: "string",
    AiBinding: "Ai",
    SendEmailBinding: "SendEmail",
    AssetsBinding: "Fetcher",
}
_ADDED = (PUBLIC_URL, MARK, BUILD_ID)
"""What the stack adds to a Worker where it can."""


def configuration(worker: Worker) -> str:
    """The file's text: the type `Env`."""
    lines = "".join(f"  {line};\n" for line in _members(worker.bindings))
    heading = f"// What autopilots.yaml binds to {worker.key}. Written by `validate`."
    return f"{heading}\nexport type Env = {{\n{lines}}};\n"


def _members(bindings: tuple[Binding, ...]) -> Iterator[str]:
    named = {binding.name: binding for binding in bindings}
    for name, binding in sorted(named.items()):
        is_optional = isinstance(binding, SecretBinding) and binding.optional
        yield f"{name}{'?' if is_optional else ''}: {TYPES[type(binding)]}"
    for name in _ADDED:
        if name not in named:
            yield f"{name}?: string"
