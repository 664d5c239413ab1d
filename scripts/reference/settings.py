"""Every setting of a stack, from the rules that the program and `doctor` apply."""

from __future__ import annotations

from orchestrator.stack.setting_names import SECRET_KEYS
from orchestrator.stack.setting_texts import TEXTS
from scripts.reference.markdown import code, page, table

_INTRODUCTION = """
What `pulumi config set KEY VALUE -s STACK` may set. A key that nothing reads is an error, and so is a secret in
plain text: `pulumi config set --secret KEY -s STACK` encrypts it. `python -m orchestrator doctor -s STACK`
checks them all and names the command that puts each right. They take effect with `pulumi up`.
"""


def render() -> str:
    rows = [[code(key), "secret" if key in SECRET_KEYS else "", TEXTS[key]] for key in sorted(TEXTS, key=str.lower)]
    return page("Settings of a stack", _INTRODUCTION, table(["key", "", ""], rows))
