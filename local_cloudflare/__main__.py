"""`python -m local_cloudflare serve|start|stop|status|logs|expose`: the local Cloudflare from the command line.

Exit codes: 0 done; 1 it failed; 2 the user can put it right; `status` answers 3 where it does not run.
"""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from local_cloudflare import process, service
from local_cloudflare.errors import ServiceError
from local_cloudflare.settings import Settings

_NOT_RUNNING = 3


def main(arguments: Sequence[str] | None = None) -> int:
    options = make_parser().parse_args(arguments)
    data: Path = options.dir.resolve()
    try:
        match options.command:
            case "serve":
                from local_cloudflare import server  # alone here: it loads the API and what serves it

                logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
                logging.getLogger("httpx").setLevel(logging.WARNING)
                server.serve(
                    server.Options(
                        data=data,
                        api_port=options.api_port,
                        workers_port=options.workers_port,
                        account_id=options.account_id,
                        heal=shlex.split(options.heal or ""),
                        fires_crons=not options.no_crons,
                    )
                )
            case "start":
                _say(_described(service.start(data, _serve_arguments(options), _progress)))
            case "stop":
                _say("stopped" if service.stop(data) else "was not running")
            case "status":
                return _status(data, as_json=options.json)
            case "logs":
                for line in service.logs(data, options.worker, follow=options.follow):
                    _say(line if options.json else _log_line(line))
            case "expose":
                _say(service.expose(data, options.worker, None if options.main else options.port))
    except ServiceError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except (KeyboardInterrupt, BrokenPipeError):
        return 0
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_cloudflare", description="Cloudflare on this machine.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--dir", type=Path, default=Path(".local/cloudflare"), help="data directory (default: %(default)s)"
    )
    ports = argparse.ArgumentParser(add_help=False)
    ports.add_argument("--api-port", type=_port, metavar="N", help="port of the REST API; 0 takes any free one")
    ports.add_argument("--workers-port", type=_port, metavar="N", help="port of the Workers; 0 takes any free one")
    ports.add_argument("--account-id", help="32 hexadecimal digits (default: chosen at the first start)")
    ports.add_argument("--heal", metavar="COMMAND", help="what to run when a heal is asked for (POST /_local/heal)")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", parents=[common, ports], help="run in the foreground")
    serve.add_argument(
        "--no-crons",
        action="store_true",
        help="for tests: no cron trigger fires by the clock, only by POST /_local/cron",
    )
    commands.add_parser("start", parents=[common, ports], help="run in the background")
    commands.add_parser("stop", parents=[common], help="stop the one in the background")
    status = commands.add_parser("status", parents=[common], help="whether it runs, and where")
    status.add_argument("--json", action="store_true", help="with the token, for scripts")
    logs = commands.add_parser("logs", parents=[common], help="what the Workers logged")
    logs.add_argument("worker", nargs="?", help="only this one's")
    logs.add_argument("--follow", "-f", action="store_true", help="follow new lines, and requests, as they come")
    logs.add_argument("--json", action="store_true", help="one JSON object a line, for scripts")
    expose = commands.add_parser("expose", parents=[common], help="let a Worker answer at 127.0.0.1, for any client")
    expose.add_argument("worker", metavar="WORKER")
    place = expose.add_mutually_exclusive_group()
    place.add_argument("--port", type=_port, metavar="N", default=0, help="default: any free one")
    place.add_argument("--main", action="store_true", help="the port of all Workers, where one answers without a name")
    return parser


def _serve_arguments(options: argparse.Namespace) -> list[str]:
    given = {
        "--api-port": options.api_port,
        "--workers-port": options.workers_port,
        "--account-id": options.account_id,
        "--heal": options.heal,
    }
    return [word for name, value in given.items() if value is not None for word in (name, str(value))]


def _status(data: Path, *, as_json: bool) -> int:
    settings = service.healthy(data)
    if settings is None:
        _say(json.dumps({"running": process.running(data)}) if as_json else "not running")
        return _NOT_RUNNING
    found = process.find(data)
    if as_json:
        facts = {
            "running": True,
            "pid": found.pid if found else None,
            "baseUrl": settings.base_url,
            "workersUrl": settings.workers_url,
            "accountId": settings.account_id,
            "apiToken": settings.api_token,
        }
        _say(json.dumps(facts, indent=1))
    else:
        _say(_described(settings))
    return 0


def _described(settings: Settings) -> str:
    return (
        f"local Cloudflare is running\n  API      {settings.base_url}\n  Workers  {settings.workers_url}\n"
        f"  account  {settings.account_id}"
    )


def _log_line(line: str) -> str:
    """Time in UTC, Worker, level, text."""
    entry = json.loads(line)
    moment = datetime.fromtimestamp(entry["time"] / 1000, UTC)
    return f"{moment:%H:%M:%S} {entry['worker']} {entry['level']}: {entry['text']}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _progress(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
