"""The platform's mark: a random id, made at the first update, that tells its Workers from those of any other platform.

It lives in the state, as the input of a component, from before the first Worker is uploaded.
"""

from __future__ import annotations

import pulumi

from orchestrator.stack.state import MARK_TYPE


class Mark(pulumi.ComponentResource):
    """`text` is known once the state has it."""

    text: pulumi.Output[str]

    def __init__(self, name: str, mark: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(MARK_TYPE, name, {"mark": mark}, opts)
        self.text = self.urn.apply(lambda _: mark)
        self.register_outputs({})
