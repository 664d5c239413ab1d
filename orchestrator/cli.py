"""`python -m orchestrator`: runs one of the commands of the table, and says what happened when it fails.

No traceback reaches a user, except with ORCHESTRATOR_DEBUG=1.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tomllib
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from orchestrator.call_log import LOGGER
from orchestrator.commands.table import COMMANDS
from orchestrator.errors import ManifestError, OrchestratorError
from orchestrator.names import DEFAULT_FILE
from orchestrator.terminal import Terminal

PROGRAM = "python -m orchestrator"
INTERRUPTED = 130  # 128 + SIGINT
BROKEN_PIPE = 141  # 128 + SIGPIPE
EXIT_CODES = {
    0: "done",
    1: "a fault: something could not be done or read",
    2: "a mistake that the user can put right",
    3: "nobody knows whether the task was done (`plan`)",
    4: "the task was done in part, or is not finished (`plan`)",
    7: "drift (`drift`, `heal`), or changes of a template (`template diff`)",
    8: "data is lost (`heal`)",
    INTERRUPTED: "interrupted",
    BROKEN_PIPE: "what the output was written to was closed",
}
_PATHS = frozenset({"file", "folder", "backup"})
_COMPLETING = "_ARGCOMPLETE"  # set by the shell that asks for completions
_EXAMPLES = f"""examples:
  {PROGRAM} validate                 is the file right?
  {PROGRAM} show                     what would `pulumi up` make of it?
  {PROGRAM} plan TASK --explain      who would do the task, and why?
  {PROGRAM} COMMAND --help           more about one command
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code. Raises SystemExit as argparse does: 2 for wrong usage, 0 for --help."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if _COMPLETING in os.environ:
        _complete()
    terminal = Terminal(sys.stdout, sys.stderr, os.environ)
    if not given:
        make_parser(given).print_help(sys.stderr)
        return 2
    try:
        options = make_parser(given).parse_args(given)
        _enter_project(options)
        with _calls_shown(options.verbose, terminal):
            code: int = options.run(options, terminal)
        sys.stdout.flush()
    except ManifestError as error:
        _report_issues(error, terminal)
        return error.exit_code
    except OrchestratorError as error:
        _report(error.message, error.hint, terminal)
        return error.exit_code
    except KeyboardInterrupt:
        terminal.report()
        return INTERRUPTED
    except BrokenPipeError:  # `… | head`: nobody reads on; keep the interpreter from complaining when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if os.environ.get("ORCHESTRATOR_DEBUG"):
            raise
        # Without the exception's own text, in which anything may stand that it was given, a token too.
        _report(f"this is a bug in the orchestrator: {_place(error)}", "ORCHESTRATOR_DEBUG=1 shows more", terminal)
        return 1
    return code


def _enter_project(options: argparse.Namespace) -> None:
    """Work in the project's folder, as `pulumi` does, wherever below it this was called; paths keep their meaning."""
    here = Path.cwd()
    project = next((each for each in (here, *here.parents) if (each / "Pulumi.yaml").is_file()), here)
    if project == here:
        return
    os.chdir(project)
    for name in _PATHS & vars(options).keys():
        value = getattr(options, name)
        if value and value != "-" and (value != DEFAULT_FILE or (here / value).exists()):
            setattr(options, name, os.path.relpath(here / value, project))
    if getattr(options, "meta", "").startswith("@"):
        options.meta = f"@{here / options.meta[1:]}"


def make_parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with the arguments of the commands that are named in `given` only: those modules are imported."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="One file says which AI service can do what; these commands check it and use it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    told = "show each call of an API, never a token"
    parser.add_argument("-v", "--verbose", action="store_true", help=told)
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        child = commands.add_parser(
            command.name, help=command.summary, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        # Without a default of its own, which would undo a `-v` before the command.
        child.add_argument("-v", "--verbose", action="store_true", default=argparse.SUPPRESS, help=told)
        if command.name in given:
            module = import_module(command.module)
            module.arguments(child)
            child.set_defaults(run=module.run)
    return parser


def _version() -> str:
    project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())["project"]
    return f"{project['name']} {project['version']}"


def _complete() -> None:
    """Answer the shell with what may stand next, and exit. What was typed is in COMP_LINE (argcomplete's protocol)."""
    import argcomplete

    argcomplete.autocomplete(make_parser(os.environ.get("COMP_LINE", "").split()))


@contextmanager
def _calls_shown(verbose: bool, terminal: Terminal) -> Iterator[None]:
    """Let the log's lines about calls go to the terminal meanwhile."""
    if not verbose:
        yield
        return
    handler = logging.StreamHandler(terminal.err)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)


def _place(error: Exception) -> str:
    """The exception's type, and where in the orchestrator it came from."""
    ours = Path(__file__).parent
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(ours)]
    where = f" at {Path(frames[-1].filename).relative_to(ours)}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _report(message: str, hint: str, terminal: Terminal) -> None:
    terminal.report(f"{terminal.styled('error:', 'red', terminal.err)} {message}")
    if hint:
        terminal.report(f"  {hint}")


def _report_issues(error: ManifestError, terminal: Terminal) -> None:
    for issue in error.issues:
        place = terminal.styled(f"{issue.file}:{issue.line}:{issue.column}:", "bold", terminal.err)
        code = terminal.styled(f"[{issue.code}]", "dim", terminal.err)
        terminal.report(f"{place} {issue.message} {code}")
        if issue.hint:
            terminal.report(f"  {issue.hint}")
    count = len(error.issues)
    terminal.report(f"{count} mistake{'s' if count > 1 else ''} in {error.issues[0].file}")
