"""Record what the catalogue's capabilities take and answer, in catalog/recorded.json: `make catalog`.

A change of an entry needs a new version, and one that breaks who uses the capability a new major one: without it
nothing is recorded. `--check`, of `make check`, says whether what is recorded is what the entries say.

Touches: catalog/recorded.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from orchestrator.catalog import Entry, load_catalog
from orchestrator.catalog.compare import mistakes
from orchestrator.files import write_changed

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path("catalog/recorded.json")


def main(root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where the record is another")
    only_check = parser.parse_args().check
    entries = load_catalog(root)
    wrong = mistakes(recorded(root), entries)
    text = record_of(entries)
    if not wrong and only_check and (root / RECORD).read_text(encoding="utf-8") != text:
        wrong = [f"{RECORD} is not what the entries say: run `make catalog`, and commit it"]
    for each in wrong:
        print(f"catalog: {each}", file=sys.stderr)
    if not wrong and not only_check:
        write_changed(root / RECORD, text)
    return 1 if wrong else 0


def recorded(root: Path) -> dict[str, Entry]:
    """What was recorded last; nothing where nothing was."""
    path = root / RECORD
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {
        name: Entry(name=name, title="", description="", **{key: each[key] for key in ("version", "meta", "result")})
        for name, each in known.items()
    }


def record_of(entries: dict[str, Entry]) -> str:
    """As it is written: what a comparison looks at."""
    record = {
        name: {"version": each.version, "meta": each.meta, "result": each.result} for name, each in entries.items()
    }
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
