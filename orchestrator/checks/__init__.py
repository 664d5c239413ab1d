"""Checks before and after: `doctor` (is everything ready for an update?) and `diagnose` (what does the account have?).

`check` is one check and its outcome; `account`, `stack` and `tools` hold the checks by what they look at; `document` is
the diagnosis as JSON, the twin of the routing Worker's.
"""
