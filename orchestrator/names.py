"""What names Cloudflare takes, and which binding name follows from a resource's name.

The rules are data and pure functions; the manifest applies them to what people write, `desired` again to what comes of
it with `namePrefix` in front.
"""

from __future__ import annotations

import re

BUCKET_PATTERN = r"^[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])$"
BUCKET_RULE = "3 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends"
WORKER_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
WORKER_RULE = (
    "1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends, "
    "since it is part of a host name on workers.dev"
)
DATABASE_PATTERN = r"^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$"
DATABASE_RULE = "1 to 63 lower-case letters, digits, hyphens and underscores, with a letter or digit at both ends"
KV_TITLE_PATTERN = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,510}[^\s\x00-\x1f\x7f])?$"
KV_TITLE_RULE = "1 to 512 characters on one line, without a space at either end"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
VARIABLE_RULE = "letters, digits and underscores, not beginning with a digit"
PREFIX_PATTERN = r"^[a-z0-9][a-z0-9-]*$"
PREFIX_RULE = "lower-case letters, digits and hyphens, beginning with a letter or digit"

ORCHESTRATOR = "orchestrator"  # the owner of what the routing Worker needs; no autopilot may be called so

DEFAULT_FILE = "autopilots.yaml"
PUBLIC_API_URL = "https://api.cloudflare.com/client/v4"

COMPATIBILITY_DATE = "2026-07-01"  # of a Worker that names none

LOCAL = "local"  # the stack of the embedded default: Cloudflare on this machine

REGISTRY = "REGISTRY"
WEBHOOK_SECRET = "WEBHOOK_SECRET"  # noqa: S105 - the binding's name, not its value
API_TOKEN = "API_TOKEN"  # noqa: S105 - the binding's name, not its value
CALLER_TOKENS = "CALLER_TOKENS"
STAGE = "STAGE"
AUTOPILOTS = "AUTOPILOTS"  # whose tasks a Worker does: names, with a space between two of them
MARK = "ORCHESTRATOR_MARK"  # of the platform: a random id that its state knows, on each of its Workers
BUILD_ID = "BUILD_ID"
PUBLIC_URL = "PUBLIC_URL"  # where the Worker answers; a var of that name in the manifest wins
DATABASE = "DB"
AI = "AI"
SEND_EMAIL = "SEND_EMAIL"
ASSETS = "ASSETS"

# Queues, where the file has a task that is done later; the names under which Workers see them.
TASK_QUEUE = "efh-tasks"
DEAD_LETTER_QUEUE = "efh-tasks-dead"
TASK_QUEUE_BINDING = "TASK_QUEUE"
DEAD_LETTER_BINDING = "DEAD_LETTER_QUEUE"
QUEUE_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
QUEUE_RULE = "1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends"
SCHEDULING_CAPABILITY = "task.schedule"  # whose Worker gives the router tasks for later

# On the routing Worker only; what is not configured is not bound.
NAME_PREFIX = "NAME_PREFIX"
CLOUDFLARE_API_TOKEN = "CLOUDFLARE_API_TOKEN"  # noqa: S105 - the binding's name, not its value
CLOUDFLARE_ANALYTICS_TOKEN = "CLOUDFLARE_ANALYTICS_TOKEN"  # noqa: S105 - the binding's name, not its value
CLOUDFLARE_ACCOUNT_ID = "CLOUDFLARE_ACCOUNT_ID"
CLOUDFLARE_API_URL = "CLOUDFLARE_API_URL"  # where the API is not the public one
HEAL = "HEAL"  # where a heal is asked for
ALERT_URL = "ALERT_URL"
ALERT_URLS = "ALERT_URLS"  # of the channels of `alerts:`, JSON by channel
JOURNAL_DAYS = "JOURNAL_DAYS"

# What the program adds to each Worker's variables when it runs, and to the routing Worker's, at most.
ADDED_TO_WORKER = frozenset({PUBLIC_URL})
ADDED_TO_ROUTER = ADDED_TO_WORKER | frozenset({BUILD_ID, CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_URL, JOURNAL_DAYS})

# What the program itself binds; nothing that a manifest names may take these. The router's own secrets are among them:
# an autopilot's Worker that asked for one by its name would get it.
_ROUTER_SECRETS = frozenset({CLOUDFLARE_API_TOKEN, CLOUDFLARE_ANALYTICS_TOKEN, HEAL, ALERT_URL, ALERT_URLS})
RESERVED_VARIABLES = _ROUTER_SECRETS | frozenset(
    {
        *(API_TOKEN, CALLER_TOKENS, AUTOPILOTS, WEBHOOK_SECRET, STAGE, MARK, BUILD_ID, DATABASE, AI, ASSETS),
        *(TASK_QUEUE_BINDING, DEAD_LETTER_BINDING, SEND_EMAIL),
    }
)
RESERVED_ON_AUTOPILOT = frozenset(
    {AUTOPILOTS, WEBHOOK_SECRET, STAGE, MARK, BUILD_ID, AI, SEND_EMAIL, TASK_QUEUE_BINDING}
)
RESERVED_ON_ROUTER = RESERVED_VARIABLES | ADDED_TO_ROUTER | {NAME_PREFIX, TASK_QUEUE_BINDING, DEAD_LETTER_BINDING}


def binding_name(name: str) -> str:
    """The name under which a Worker's code sees a resource: `efh-private` gives `EFH_PRIVATE`.

    Upper case; each character outside A-Z, 0-9 and `_` becomes `_`; a leading digit gets a `_` before it.
    """
    bound = re.sub(r"[^A-Za-z0-9_]", "_", name).upper()
    return f"_{bound}" if bound[:1].isdigit() else bound
