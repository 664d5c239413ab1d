"""One module per command of `python -m orchestrator`; the table of them is in `orchestrator.cli`.

Each has `arguments(parser)`, which adds its arguments, and `run(options, terminal)`, which does the work and returns
the exit code. A module is imported only when its command is used.
"""
