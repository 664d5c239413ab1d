"""`autopilots.yaml`: the one file that people edit.

    text ──source──▶ plain data with positions ──models──▶ Manifest
                                                └─checks──▶ what needs more than one place of the file

`load` and `parse` give a Manifest, or raise ManifestError with every issue of the file at once. `load` reads one file;
all else is pure.
"""

from orchestrator.manifest.loader import load, parse, warnings_of
from orchestrator.manifest.models import Autopilot, Manifest, Orchestrator, Task
from orchestrator.manifest.needs import BucketNeed, KvNamespaceNeed, Needs, SecretNeed, WorkerScript
from orchestrator.names import DEFAULT_FILE

__all__ = [
    "DEFAULT_FILE",
    "Autopilot",
    "BucketNeed",
    "KvNamespaceNeed",
    "Manifest",
    "Needs",
    "Orchestrator",
    "SecretNeed",
    "Task",
    "WorkerScript",
    "load",
    "parse",
    "warnings_of",
]
