"""A rehearsal of a namespace's restore: what would come back is compared with the backup, on this machine alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.data import kv
from orchestrator.data.kv_pairs import ScratchNamespace
from orchestrator.errors import UserError

NOW = 1_800_000_000
PAIRS: list[dict[str, Any]] = [
    {"key": "k" * 512, "value": ""},
    {"key": "☃/../%2F\u2028", "value": "☃ ü\u0000\n"},
    {"key": "bytes", "value": base64.b64encode(b"\xff\x00").decode(), "base64": True, "metadata": {"by": "Ada ☃"}},
    {"key": "later", "value": "x", "expiration": NOW + 10_000, "metadata": 0},
    {"key": "expired", "value": "x", "expiration": NOW - 1},
    *({"key": f"{number}", "value": "x" * number} for number in range(250)),
]


def written(folder: Path, pairs: list[dict[str, Any]]) -> Path:
    file = folder / kv.FILE
    lines = "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs)
    file.write_text(lines, encoding="utf-8")
    return file


def test_what_comes_back_is_what_was_saved(tmp_path: Path) -> None:
    kv.rehearse(written(tmp_path, PAIRS), now=NOW)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ({"key": "k" * 513, "value": ""}, "a key has 1 to 512 bytes"),
        ({"key": "..", "value": ""}, "is not . or .."),
        ({"key": "☃" * 171, "value": ""}, "a key has 1 to 512 bytes"),
        ({"key": "a", "value": "x" * (25 * 2**20 + 1)}, "its value has 26,214,401 bytes"),
        ({"key": "a", "value": "", "metadata": "x" * 1023}, "its metadata has 1,025 bytes"),
    ],
    ids=["long", "dots", "long in bytes", "value", "metadata"],
)
def test_what_cloudflare_would_refuse_stops_it(tmp_path: Path, pair: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        kv.rehearse(written(tmp_path, [*PAIRS, pair]), now=NOW)


def test_a_restore_that_loses_something_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put = ScratchNamespace.put
    monkeypatch.setattr(ScratchNamespace, "put", lambda self, pairs: put(self, pairs[1:]))

    with pytest.raises(UserError, match=r"what would come back of .* is not what it has"):
        kv.rehearse(written(tmp_path, PAIRS), now=NOW)
