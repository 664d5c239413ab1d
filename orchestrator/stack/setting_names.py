"""Which settings a stack can have, which of them are secrets, and whose a place for state is.

A misspelt key does nothing: `keepdata: false` would keep what a stage should delete, and `namePrefx` would put a stage
beside production. So a key that nobody reads is refused, by the program and by `doctor`.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from orchestrator.desired.bindings import SECRETS_BY_CONFIG_KEY
from orchestrator.names import LOCAL
from orchestrator.nearest import nearest_names
from orchestrator.stack.placeholders import SECRETS_LEFT_OUT
from orchestrator.stack.rules import NAME_LISTS, RULES, SettingProblem
from orchestrator.stack.watch_rules import WATCH_KEYS

SECRET_KEYS = frozenset({*SECRETS_BY_CONFIG_KEY, "secrets", "r2SecretAccessKey"})
KEYS = frozenset(
    {
        *(rule.key for rule in RULES),
        *WATCH_KEYS,
        *SECRET_KEYS,
        *NAME_LISTS,
        *("manifest", "r2AccessKeyId", SECRETS_LEFT_OUT),
    }
)
LOCAL_STATE = Path(".local") / "state"
"""Where the stack `local` keeps its state, in the project's folder. `make destroy` removes it."""


def unknown_setting_problems(keys: Iterable[str], *, stack: str) -> list[SettingProblem]:
    """A problem for each of the project's `keys` that nothing reads."""
    return [
        SettingProblem(
            f"{key} is no setting; the nearest is {nearest_names(key, KEYS, 1)[0]}"
            if nearest_names(key, KEYS, 1)
            else f"{key} is no setting",
            f"pulumi config rm {key} -s {stack}",
        )
        for key in sorted(set(keys) - KEYS)
    ]


def plain_secret_problems(document: Any, *, project: str, stack: str) -> list[SettingProblem]:
    """A problem for each secret that stands in plain text in `document`, a Pulumi.<stack>.yaml as it was parsed."""
    config = document.get("config") if isinstance(document, Mapping) else None
    paths = [
        path
        for key in sorted(SECRET_KEYS)
        for path in _plain_leaves((config or {}).get(f"{project}:{key}"), key)
        if isinstance(config, Mapping)
    ]
    return [
        SettingProblem(
            f"{path} is kept as plain text",
            f"put a new value in its place: pulumi config set --secret --path {path} -s {stack}",
        )
        for path in paths
    ]


def _plain_leaves(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return
        for name, each in value.items():
            yield from _plain_leaves(each, f"{path}.{name}")
    elif value not in (None, ""):
        yield path


def local_state_problem(stack: str, *, backend_url: str | None, root: Path) -> SettingProblem | None:
    """A problem where `stack` is not `local` and its state would be among that of `local`, in the project at `root`.

    `make destroy` removes what is there, and the passphrase that opens it. `backend_url` is Pulumi's, as in
    PULUMI_BACKEND_URL.
    """
    parts = urlsplit(backend_url or "")
    if stack.rpartition("/")[2] == LOCAL or parts.scheme != "file":
        return None
    if Path(unquote(parts.path)).resolve() != (root / LOCAL_STATE).resolve():
        return None
    return SettingProblem(
        f"this terminal is for the stack {LOCAL} (`make shell`), and {stack} would have its state in {LOCAL_STATE}",
        f"open another terminal, and there: pulumi login, pulumi stack init {stack} (docs/state.md)",
    )
