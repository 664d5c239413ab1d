"""The kinds of values that `autopilots.yaml` has: names, cron expressions, paths, lists.

Each is a type with its check, its error (code, message, way out) and its JSON Schema. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from orchestrator import cron, names
from orchestrator.conditions import (
    CHANNEL_PATTERN,
    CHANNEL_RULE,
    CONDITION_PATTERN,
    CONDITION_RULE,
    DURATION_PATTERN,
    DURATION_RULE,
    parse_condition,
    parse_duration,
)


def issue(code: str, message: str, hint: str = "") -> PydanticCustomError:
    """An error of a value, for a validator to raise; braces in the texts stay as they are."""
    return PydanticCustomError(code, "{message}", {"message": message, "hint": hint})


def _matching(kind: str, pattern: str, rule: str) -> Callable[[str], str]:
    code = f"invalid-{kind.lower().replace(' ', '-')}"
    compiled = re.compile(pattern.removesuffix("$"))  # fullmatch: `$` alone would let a line break follow

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise issue(code, f"`{value}` is not a valid {kind}", f"use {rule}")
        return value

    return check


def _text(kind: str, pattern: str, rule: str, *examples: str) -> tuple[Any, ...]:
    """The metadata of a text type that must match `pattern`."""
    description = f"{rule[0].upper()}{rule[1:]}."
    schema = {"type": "string", "pattern": pattern, "description": description, "examples": list(examples)}
    return AfterValidator(_matching(kind, pattern, rule)), WithJsonSchema(schema)


HOST_PATTERN = r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
_HOST_RULE = "a host name in lower case, or `*.` and the name whose subdomains are meant"
NAME_PATTERN = r"^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$"
_CALLER_PATTERN = r"^(?!default$)[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$"
_TASK_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$"
_CAPABILITY_PATTERN = r"^(?=.{1,128}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$"
NAME_RULE = "up to 64 lower-case letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
_CALLER_RULE = (
    "up to 64 lower-case letters, digits, hyphens and underscores, with a letter or digit at both ends; "
    "`default` is who presents the stack's apiToken"
)
_TASK_RULE = "up to 128 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
_FLAG_RULE = "lower-case letters, digits, underscores and hyphens"
_CAPABILITY_RULE = (
    "lower-case words (letters, digits, hyphens, underscores) with dots between them, up to 128 characters"
)

AutopilotName = Annotated[str, *_text("autopilot name", NAME_PATTERN, NAME_RULE, "ai-employee")]
CallerName = Annotated[str, *_text("caller name", _CALLER_PATTERN, _CALLER_RULE, "shop")]
TaskName = Annotated[str, *_text("task name", _TASK_PATTERN, _TASK_RULE, "generate_page")]
Capability = Annotated[str, *_text("capability", _CAPABILITY_PATTERN, _CAPABILITY_RULE, "web.pages.generate")]
WorkerName = Annotated[str, *_text("Worker name", names.WORKER_PATTERN, names.WORKER_RULE, "efh-agent")]
BucketName = Annotated[str, *_text("bucket name", names.BUCKET_PATTERN, names.BUCKET_RULE, "efh-private")]
DatabaseName = Annotated[
    str, *_text("database name", names.DATABASE_PATTERN, names.DATABASE_RULE, "efh-autopilot-orchestrator")
]
KvTitle = Annotated[str, *_text("KV title", names.KV_TITLE_PATTERN, names.KV_TITLE_RULE, "AI_EMPLOYEE_LOGS")]

_ORIGIN_PATTERN = r"^(https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|http://localhost)(:[1-9][0-9]{0,4})?$"
_ORIGIN_RULE = "`https://` and a host name in lower case, or `http://localhost`, with a port or without; no path"
Origin = Annotated[
    str, *_text("origin", _ORIGIN_PATTERN, _ORIGIN_RULE, "https://admin.example.com", "http://localhost:5173")
]

DOMAIN_PATTERN = r"^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
_DOMAIN_RULE = "a host name in lower case, of a zone of the account, without a path"
CustomDomain = Annotated[str, *_text("custom domain", DOMAIN_PATTERN, _DOMAIN_RULE, "api.example.com")]

HostPattern = Annotated[str, *_text("host", HOST_PATTERN, _HOST_RULE, "api.example.com", "*.efh.workers.dev")]


def _check_variable(name: str) -> str:
    _matching("variable name", names.VARIABLE_PATTERN, names.VARIABLE_RULE)(name)
    if name in names.RESERVED_VARIABLES:
        raise issue("reserved-binding", f"`{name}` is bound by the orchestrator itself", "choose another name")
    return name


def _check_cron(expression: str) -> str:
    try:
        parsed = cron.parse(expression)
    except ValueError as error:
        raise issue(
            "invalid-cron", f"cron expression `{expression}`: {error}", 'for example "*/15 * * * *" (times are UTC)'
        ) from error
    if not parsed.ever_fires:
        raise issue(
            "cron-never-fires", f"cron expression `{expression}` never fires", "no month it names has such a day"
        )
    return expression


def _check_date(value: str) -> str:
    try:
        date.fromisoformat(value if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else "")
    except ValueError as error:
        raise issue(
            "invalid-compatibility-date", f"`{value}` is not a date", f"for example {names.COMPATIBILITY_DATE}"
        ) from error
    return value


_SCRIPTS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_PYTHON_HINT = (
    "Python Workers are not bundled (docs/decisions/0036); an autopilot in Python runs elsewhere: "
    "python -m orchestrator new NAME --template python-service"
)


def _check_source(source: str) -> str:
    path = PurePosixPath(source)
    if "\\" in source or not source.strip() or path.is_absolute() or re.match(r"[A-Za-z]:", source):
        problem = "must be a path relative to the project, with forward slashes"
    elif ".." in path.parts:
        problem = "leaves the project's folder"
    elif path.suffix not in _SCRIPTS:
        hint = _PYTHON_HINT if path.suffix == ".py" else f"a file that ends in {', '.join(_SCRIPTS)}"
        raise issue("invalid-source", f"`source` must be a script in TypeScript or JavaScript: `{source}`", hint)
    else:
        return source
    raise issue("invalid-source", f"`source` {problem}: `{source}`", "for example `autopilots/employee/src/index.ts`")


_RANGE = re.compile(r"(?:^|[ ,])([A-Z]+|\d+)-([A-Z]+|\d+)", re.IGNORECASE)
_TIMEZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_VARIABLE_SCHEMA = {
    "type": "string",
    "pattern": names.VARIABLE_PATTERN,
    "not": {"enum": sorted(names.RESERVED_VARIABLES)},
    "description": f"Name of a variable: {names.VARIABLE_RULE}.",
    "examples": ["STRIPE_API_KEY"],
}
_CRON_SCHEMA = {
    "type": "string",
    "description": "Minute, hour, day of month, month, day of week (1 is Sunday); UTC.",
    "examples": ["*/15 * * * *", "0 9 * * MON-FRI"],
}
_SCHEDULE_SCHEMA = {
    "type": "string",
    "description": "Minute, hour, day of month, month, day of week (1 is Sunday), in `timezone`.",
    "examples": ["0 6 * * *", "30 8 * * MON-FRI"],
}
_DATE_SCHEMA = {
    "type": "string",
    "format": "date",
    "description": "The day whose behaviour of the Workers runtime this Worker has.",
    "examples": [names.COMPATIBILITY_DATE],
}
_SOURCE_SCHEMA = {
    "type": "string",
    "pattern": rf"({'|'.join(re.escape(each) for each in _SCRIPTS)})$",
    "description": "The Worker's entry point in TypeScript or JavaScript, relative to the project's folder; "
    "bundled by esbuild.",
    "examples": ["autopilots/employee/src/index.ts"],
}
_TIMEZONE_SCHEMA = {
    "type": "string",
    "description": "A time zone by its IANA name.",
    "examples": ["UTC", "Europe/Berlin"],
}


def _check_schedule(expression: str) -> str:
    """A cron expression without what the router does not take: a range that wraps, and days before the last (`L-3`)."""
    _check_cron(expression)
    ranges = _RANGE.findall(expression)
    if "L-" in expression.upper() or any(cron.number_of(low) > cron.number_of(high) for low, high in ranges):
        raise issue(
            "invalid-cron",
            f"cron expression `{expression}`: a schedule takes no range that wraps, and no `L-3`",
            "write `22-23,0-2` for `22-2`",
        )
    return expression


def _check_timezone(name: str) -> str:
    """Known to this machine; where it knows none at all (there are systems without), the router alone can say."""
    if _TIMEZONE.fullmatch(name) and (name in available_timezones() or not available_timezones()):
        return name
    raise issue("unknown-timezone", f"`{name}` is no time zone", "its IANA name, for example Europe/Berlin")


VariableName = Annotated[str, AfterValidator(_check_variable), WithJsonSchema(_VARIABLE_SCHEMA)]
CronExpression = Annotated[str, AfterValidator(_check_cron), WithJsonSchema(_CRON_SCHEMA)]
ScheduleExpression = Annotated[str, AfterValidator(_check_schedule), WithJsonSchema(_SCHEDULE_SCHEMA)]
Timezone = Annotated[str, AfterValidator(_check_timezone), WithJsonSchema(_TIMEZONE_SCHEMA)]
ScheduleName = Annotated[str, *_text("schedule name", NAME_PATTERN, NAME_RULE, "daily-report")]
CompatibilityDate = Annotated[str, AfterValidator(_check_date), WithJsonSchema(_DATE_SCHEMA)]
CompatibilityFlag = Annotated[str, *_text("compatibility flag", r"^[a-z][a-z0-9_-]*$", _FLAG_RULE, "nodejs_compat")]
SourcePath = Annotated[str, AfterValidator(_check_source), WithJsonSchema(_SOURCE_SCHEMA)]


def _parsed_by(parse: Callable[[str], object], kind: str, rule: str) -> AfterValidator:
    def check(value: str) -> str:
        try:
            parse(value)
        except ValueError as error:
            message = f"`{value}` is not a valid {kind}"
            raise issue(f"invalid-{kind.replace(' ', '-')}", message, f"write {rule}") from error
        return value

    return AfterValidator(check)


_CONDITION_SCHEMA = {
    "type": "string",
    "pattern": CONDITION_PATTERN,
    "description": f"{CONDITION_RULE}.",
    "examples": [
        "health.down",
        "errorRate > 20%",
        "p95 > 5s",
        "unknown > 0",
        "queue.age > 10m",
        "quota > 80%",
        "drift",
    ],
}
_DURATION_SCHEMA = {
    "type": "string",
    "pattern": DURATION_PATTERN,
    "description": f"{DURATION_RULE[0].upper()}{DURATION_RULE[1:]}.",
    "examples": ["15m", "1h"],
}
AlertName = Annotated[str, *_text("alert name", NAME_PATTERN, NAME_RULE, "payouts-unknown")]
AlertCondition = Annotated[
    str, _parsed_by(parse_condition, "condition", CONDITION_RULE), WithJsonSchema(_CONDITION_SCHEMA)
]
Duration = Annotated[str, _parsed_by(parse_duration, "time", DURATION_RULE), WithJsonSchema(_DURATION_SCHEMA)]
Channel = Annotated[str, *_text("channel", CHANNEL_PATTERN, CHANNEL_RULE, "slack", "webhook-oncall")]

# A list of the file, kept as a tuple: strict mode alone would take nothing but a tuple.
Item = TypeVar("Item")
Items = Annotated[tuple[Item, ...], Strict(False)]


def _refusing_null(wanted: Literal["string_type", "int_type"]) -> BeforeValidator:
    def check(value: object) -> object:
        if value is None:
            raise PydanticKnownError(wanted)
        return value

    return BeforeValidator(check)


# For optional keys: they may be left out, and not be there without a value.
Given = _refusing_null("string_type")
GivenNumber = _refusing_null("int_type")
