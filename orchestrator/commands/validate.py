"""`validate`: every mistake of a manifest at once, or else of the sources that it names; for a person, for scripts, or
for GitHub."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from orchestrator.bundle.modules import BUILD, bundle_workers
from orchestrator.bundle.type_check import check_types
from orchestrator.desired.derive import derive
from orchestrator.errors import BundleError, ManifestError, SetupError
from orchestrator.issues import Issue
from orchestrator.manifest import DEFAULT_FILE, Manifest, load, warnings_of
from orchestrator.terminal import Terminal


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check a manifest, then compile the sources of its Workers, and check their types with the bindings that each "
        "Worker has. Exit code 0 when all is right, 2 when it is not."
    )
    parser.epilog = """examples:
  python -m orchestrator validate
  python -m orchestrator validate --json | jq -r '.[].message'
  python -m orchestrator validate --github          # annotations on the lines of a pull request
"""
    parser.add_argument("file", nargs="?", default=DEFAULT_FILE, metavar="FILE", help=f"default: {DEFAULT_FILE}")
    parser.add_argument("--no-compile", action="store_true", help="check the manifest alone")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_true", help="a list of {file, line, column, code, message, hint}; empty when right"
    )
    form.add_argument("--github", action="store_true", help="workflow commands, which GitHub shows at the lines")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    try:
        compiles = not options.no_compile and Path("router").is_dir()
        manifest = load(options.file, project=Path.cwd() if compiles else None)
        for warning in warnings_of(options.file):
            if options.github:
                terminal.write(annotation(warning, level="warning"))
            else:
                terminal.report(f"warning: {warning}")
        if compiles:
            compile_sources(manifest)
        elif not options.no_compile:
            terminal.report("the Workers' sources were not compiled: this is not the project's folder")
    except SetupError as error:
        raise SetupError(error.message, f"{error.hint}; --no-compile leaves the sources out") from None
    except (ManifestError, BundleError) as error:
        if not error.issues:
            raise
        if options.json:
            terminal.write(json.dumps([asdict(issue) for issue in error.issues], indent=2))
        elif options.github:
            for issue in error.issues:
                terminal.write(annotation(issue))
        else:
            raise
        return error.exit_code
    if options.json:
        terminal.write("[]")
    else:
        counts = f"{len(manifest.autopilots)} autopilots, {len(manifest.tasks)} tasks"
        terminal.write(f"{options.file} is {terminal.styled('right', 'green')}: {counts}")
    return 0


def compile_sources(manifest: Manifest) -> None:
    """Bundle every Worker's source in the project's folder, as an update does, then check the types of those in
    TypeScript. Raises BundleError with all mistakes."""
    root, desired = Path.cwd(), derive(manifest)
    (root / BUILD).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / BUILD) as folder:  # what an update uploads stays as it is
        bundle_workers(desired, root=root, build=Path(folder).relative_to(root))
    check_types(desired, root=root)


def annotation(issue: Issue, *, level: str = "error") -> str:
    """An issue as a GitHub workflow command."""
    properties = {"file": issue.file, "line": issue.line, "col": issue.column, "title": issue.code}
    where = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items())
    message = f"{issue.message}\n{issue.hint}" if issue.hint else issue.message
    return f"::{level} {where}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
