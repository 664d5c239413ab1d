"""`deploy-site`: a folder as a site, whole or not at all."""

from __future__ import annotations

import argparse
import json
import os
import re
from pathlib import Path

from orchestrator.dispatch.settings import read_token, read_url
from orchestrator.errors import UserError
from orchestrator.router_client.site_folder import inline_scripts, read_site
from orchestrator.router_client.sites import Sites
from orchestrator.terminal import Terminal

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Deploy a folder as a site, by the autopilot that has web.pages.deploy. Only what is not there yet is sent; "
        "the site changes at once, when all is there. Names with a dot in front are left out, but for .well-known. "
        "`_redirects` has lines of `/from /to STATUS`, `404.html` is shown for what is not there. The token is read "
        "from $ORCHESTRATOR_TOKEN."
    )
    parser.epilog = """examples:
  python -m orchestrator deploy-site public --site bread-school
  python -m orchestrator plan deploy_page --meta '{"action": "get", "site": "bread-school"}'
"""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="what the site is made of, its index.html in it")
    parser.add_argument(
        "--site", required=True, metavar="NAME", help="a-z, 0-9 and single hyphens; part of its address"
    )
    parser.add_argument("--url", metavar="URL", help="the deployed routing Worker; default: $ORCHESTRATOR_URL")
    parser.add_argument(
        "--json", action="store_true", help="print `{site, version, generation, active, url, …}`, and no progress"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    if not _NAME.fullmatch(options.site) or len(options.site) > 63:
        raise UserError(
            f"{options.site} is no name of a site", "use 1 to 63 of a-z, 0-9 and single hyphens between them"
        )
    folder = read_site(options.folder)
    for page in inline_scripts(folder):
        terminal.report(f"{page} has a script in it, which will not run: put it into a file, and name that in src")
    url, token = read_url(options.url, os.environ), read_token(os.environ)
    with Sites(url, token) as sites:
        deployed = sites.deploy(options.site, folder, (lambda _: None) if options.json else terminal.report)
    if options.json:
        terminal.write(json.dumps(deployed, ensure_ascii=False))
    else:
        terminal.write(f"{options.site} shows version {deployed['version']}, generation {deployed['generation']}")
        terminal.write(deployed.get("url") or deployed["path"])
    return 0
