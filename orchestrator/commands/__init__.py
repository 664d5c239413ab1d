"""One module per command of `python -m orchestrator`; `table` lists them.

Each has `arguments(parser)`, which adds its arguments, and `run(options, terminal)`, which does the work and returns
the exit code. A module is imported only when its command is used.
"""
