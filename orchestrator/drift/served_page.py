"""The admin page as it is served, held against what the sources make.

Cloudflare's API does not tell a Worker's static assets, and the provider keeps of them what its state says. So each
file is asked for where people get it. A page that cannot be read is no drift: the address may not be there yet.

Touches the network: the routing Worker's address.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from orchestrator.bundle.admin_page import PREFIX, Assets
from orchestrator.dispatch.pinned_transport import PinnedTransport
from orchestrator.drift.findings import Difference

_AT_ONCE = 4
_TIMEOUT_S = 10
_SHOWN = 3


def served_difference(
    url: str, assets: Assets, root: Path, *, transport: httpx.BaseTransport | None = None
) -> Difference | None:
    """How the page at `url`, the routing Worker's, differs from `assets`; None where it does not.

    Raises httpx.HTTPError where it cannot be read: also where something else answers, such as Cloudflare Access.
    """
    directory = root / assets.directory
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    with (
        httpx.Client(
            base_url=url, transport=transport or PinnedTransport(allow_loopback=True), timeout=_TIMEOUT_S
        ) as client,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        answers = list(pool.map(lambda path: _get(client, _path(path, directory)), files))
    differs = [
        path.relative_to(directory).as_posix()
        for path, answer in zip(files, answers, strict=True)
        if answer is None or answer.content != path.read_bytes() or _is_looser(path, answer, assets)
    ]
    if not differs:
        return None
    more = f" and {len(differs) - _SHOWN} more" if len(differs) > _SHOWN else ""
    contents = (b"" if answer is None else answer.content for answer in answers)
    served = hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()
    live = f"sha256 {served[:12]}: {', '.join(differs[:_SHOWN])}{more}"
    return Difference(path="assets", desired=f"sha256 {assets.sha256[:12]}", live=live)


def _get(client: httpx.Client, path: str) -> httpx.Response | None:
    """None where it is not there."""
    answer = client.get(path)
    return None if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status()


def _path(path: Path, directory: Path) -> str:
    """Where it is served: pages without `.html`, as `html_handling` says."""
    name = path.relative_to(directory).as_posix()
    return f"/{name.removesuffix('index.html').removesuffix('.html')}"


def _is_looser(path: Path, answer: httpx.Response, assets: Assets) -> bool:
    """Whether a page comes without the policy that the rules give it."""
    if path.suffix != ".html":
        return False
    policy = answer.headers.get("content-security-policy")
    place = f"/{PREFIX}/" if path.name == "index.html" else f"/{PREFIX}/{path.stem}"
    rules = assets.headers.partition(f"{place}\n")[2]
    return f"Content-Security-Policy: {policy}" not in rules.partition("\n/")[0]
