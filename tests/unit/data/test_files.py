"""The files of backups: lines of pairs, and what says what is in a folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from threading import Event

import pytest

from orchestrator.commands.backup import default_folder
from orchestrator.data.backup import Backup, read, to_object
from orchestrator.data.kv import value_size
from orchestrator.data.parallel import in_parallel
from orchestrator.data.private import make_folder, open_text
from orchestrator.data.quota import warn
from orchestrator.data.store import Store


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ('{"key": "a", "value": "☃"}', 3),
        ('{"key": "a", "value": "AP8=", "base64": true}', 2),
        ('{"key": "a", "value": ""}', 0),
    ],
)
def test_the_size_of_a_value(line: str, size: int) -> None:
    assert value_size(line) == size


@pytest.mark.parametrize(
    ("binding", "bound"),
    [
        ({"type": "r2_bucket", "bucket_name": "files", "jurisdiction": "eu"}, True),
        ({"type": "r2_bucket", "bucket_name": "files"}, False),
        ({"type": "kv_namespace", "namespace_id": "files"}, False),
    ],
)
def test_a_bucket_is_bound_in_its_jurisdiction(binding: dict[str, str], bound: bool) -> None:
    assert Store(kind="r2", name="files", id="files", jurisdiction="eu").is_bound_by(binding) is bound


@pytest.mark.parametrize(
    "keys", [("accountId", "takenAt"), ("account_id", "taken_at")], ids=["today's", "an older one"]
)
def test_a_backup_is_read_and_its_keys_are_camel_case(tmp_path: Path, keys: tuple[str, str]) -> None:
    line = b'{"key": "a", "value": "b"}\n'
    (tmp_path / "values.ndjson").write_bytes(line)
    about = {"kind": "kv", "name": "LOGS", "id": "0", "items": 1, "bytes": 1, "format": 1}
    about |= {keys[0]: "1", keys[1]: "2026-11-01T00:00:00+00:00", "sha256": hashlib.sha256(line).hexdigest()}
    (tmp_path / "backup.json").write_text(json.dumps(about))

    taken = read(tmp_path)

    assert (taken.account_id, taken.taken_at) == ("1", "2026-11-01T00:00:00+00:00")
    assert {"accountId", "takenAt"} <= to_object(taken).keys()


def test_a_restore_of_more_than_a_day_takes_says_so_before(tmp_path: Path) -> None:
    taken = Backup(kind="kv", name="LOGS", id="0", account_id="1", taken_at="", items=2500, bytes=1, sha256="")

    assert warn(taken, tmp_path, "paid") == ""
    warning = warn(taken, tmp_path, "free")

    assert "this writes 2,500 keys, and the free plan takes 1,000 a day" in warning
    assert "after midnight UTC the same with --merge continues, 3 days in all" in warning


def test_an_interruption_says_what_is_waited_for() -> None:
    """Ctrl-C comes while the first of two calls has ended and the second has not."""
    begun, told = Event(), list[str]()
    let_go = Event()

    def work(number: int) -> int:
        if number:
            begun.set()
            let_go.wait()
        return number

    def tell(text: str) -> None:
        told.append(text)
        let_go.set()

    results = in_parallel(work, [0, 1], tell)
    assert next(results) == 0
    begun.wait()
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt())  # type: ignore[attr-defined]

    assert told == ["waiting for 1 calls that are under way; nothing else is begun"]


def test_a_long_title_makes_a_folder_that_can_be(tmp_path: Path) -> None:
    (tmp_path / default_folder(Store(kind="kv", name="a/" * 256, id="0"))).mkdir(parents=True)


def test_what_is_written_belongs_to_its_owner_alone_also_in_a_folder_that_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)

    make_folder(folder)
    with open_text(folder / "text") as file:
        file.write("ü\n")

    modes = [each.stat().st_mode & 0o777 for each in (folder, folder / "text", folder / ".gitignore")]
    assert modes == [0o700, 0o600, 0o600]
    assert (folder / "text").read_bytes() == "ü\n".encode()
