"""Heal: the account is brought back to what the file and the stack declare, by `pulumi up` and nothing else.

In this order: what an update that died left is put right (`recover`); the account is compared (`drift`), and where
nothing differs that is all; what is lost stops here, before anything changes (`plan`, `lost`); the state is told what
the provider's refresh cannot see (`truth`); `pulumi up --refresh`; the account is compared again, every Worker of it,
and a preview has to find nothing to do. Each step can die, and the next heal begins at the first one.

Touches the stack's state, and the account by Pulumi alone. docs/decisions/0016-heal.md says why it is built so.
"""
