"""A client that openapi-python-client makes of the API document, as a user would: it has to understand every answer of
the tests. It is made once for each version of the document."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx

from tests.support.project import ROOT

DOCUMENT = ROOT / "router/openapi.yaml"
PACKAGE = "router_api"


def parse(operation_id: str, response: httpx.Response) -> Any:
    """The answer as the generated client types it. Raises where the document does not tell it."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", operation_id).lower()
    client = _client()
    module = importlib.import_module(f"{PACKAGE}.api.default.{name}{'_' if name == 'list' else ''}")
    return module._parse_response(
        client=client.Client(base_url="http://127.0.0.1", raise_on_unexpected_status=True), response=response
    )


@cache
def _client() -> ModuleType:
    made = ROOT / ".build" / f"client-{hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()[:16]}"
    if not made.exists():
        _generate(made)
    sys.path.insert(0, str(made))
    return importlib.import_module(PACKAGE)


def _generate(made: Path) -> None:
    made.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=made.parent) as directory:  # two may make it at once
        config = Path(directory) / "config.json"
        config.write_text(json.dumps({"post_hooks": []}))
        command = ["generate", "--path", str(DOCUMENT), "--output-path", f"{directory}/out/{PACKAGE}"]
        command += ["--meta", "none", "--config", str(config)]
        (Path(directory) / "out").mkdir()
        program = Path(sys.executable).with_name("openapi-python-client")
        done = subprocess.run([program, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        try:
            (Path(directory) / "out").rename(made)
        except OSError:  # another process was first
            assert made.exists()
