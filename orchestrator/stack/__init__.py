"""A Pulumi stack: its settings, its state, its updates, and what a preview says.

`config` names a stack and opens what belongs to it; `state` reads its exported state (pure); `updates` runs Pulumi;
`recover` ends what a dead update left; `preview` reads Pulumi's plan (pure); `rules` and `watch_rules` are the rules of
the settings, which the program and `doctor` share.
"""
