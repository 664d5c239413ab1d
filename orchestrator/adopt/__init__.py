"""Adoption: what the account already has of what is declared comes into the stack's state, with its data.

`wanted` is what Pulumi itself says the stack lacks; `existing` finds which of it the account has, and how it differs;
`replaced` is for what somebody deleted and recreated; `takeover` imports that, runs the update that makes it as
declared, and ends with an empty preview; `leftovers` takes over what an update has made without knowing. See
docs/decisions/0017-nothing-taken-silently.md.
"""
