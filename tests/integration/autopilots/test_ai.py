"""The whole path to a model and back on the local Cloudflare: the day's budget, what is said of a failure, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloudflare import Cloudflare

from tests.support.autopilots import SECRET, Autopilot, built
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import upload
from tests.support.workerd import EACH_ITS_OWN

PAGE = {"pageType": "home", "description": "Welcome page for new students"}
PICTURE = {"brand": {"name": "EFH"}, "subject": "A loaf of rye bread", "format": "picture"}


class Stylist(Autopilot):
    """The ai-stylist's Worker, uploaded as `pulumi up` does it."""

    def page(self) -> Any:
        return self.call("web.pages.generate", PAGE).json()


@pytest.fixture
def stylist(cloudflare_api: LocalCloudflare, sdk: Cloudflare) -> Iterator[Stylist]:
    database = sdk.d1.database.create(account_id=cloudflare_api.account_id, name="efh-ai")
    bindings: list[dict[str, Any]] = [
        {"type": "ai", "name": "AI"},
        {"type": "d1", "name": "AI_BUDGET", "id": database.uuid},
        *({"type": "plain_text", "name": name, "text": text} for name, text in TEXTS.items()),
    ]
    for bucket in ("efh-assets", "efh-images"):
        sdk.r2.buckets.create(account_id=cloudflare_api.account_id, name=bucket)
        bindings.append({"type": "r2_bucket", "name": bucket.upper().replace("-", "_"), "bucket_name": bucket})
    upload(
        sdk,
        cloudflare_api.account_id,
        "efh-ai-stylist",
        Path(built("stylist")).read_text(),
        bindings=bindings,
        reachable=True,
    )
    host = {"host": f"efh-ai-stylist.localhost:{cloudflare_api.workers_url.rpartition(':')[2]}"}
    url = cloudflare_api.workers_url.replace("{worker}.localhost", "127.0.0.1")
    with httpx.Client(base_url=url, headers=host, timeout=30, limits=EACH_ITS_OWN) as http:
        yield Stylist(name="stylist", http=http)


TEXTS = {"WEBHOOK_SECRET": SECRET, "AUTOPILOTS": "stylist", "STAGE": "local", "AI_NEURONS_A_DAY": "300"}


def faults(api: LocalCloudflare, *rules: dict[str, Any]) -> None:
    api.local("PUT", "/ai", {"faults": list(rules)})


def calls(api: LocalCloudflare) -> int:
    return len(api.local("GET", "/ai")["calls"])


def test_a_page_is_written_by_the_model_and_shown_by_the_template(stylist: Stylist) -> None:
    page = stylist.page()

    assert (page["source"], page["title"]) == ("ai", "Welcome page for new students")
    assert "How it works" in page["html"]
    assert 'class="lead"' not in page["html"], "the opening would say the title again"
    assert "note" not in page


@pytest.mark.parametrize("effect", ["no-json", "off-schema"])
def test_an_answer_that_does_not_fit_is_asked_for_once_more_then_the_template_writes(
    cloudflare_api: LocalCloudflare, stylist: Stylist, effect: str
) -> None:
    faults(cloudflare_api, {"effect": effect, "times": 1})
    mended = stylist.page()
    calls_once = calls(cloudflare_api)
    faults(cloudflare_api, {"effect": effect})
    template = stylist.page()

    assert (mended["source"], calls_once) == ("ai", 2)
    assert (template["source"], calls(cloudflare_api)) == ("template", 2)
    assert template["note"] == "Workers AI gave no usable text; the template's was used."


def test_when_cloudflare_says_that_the_day_is_spent_nobody_asks_again_until_midnight(
    cloudflare_api: LocalCloudflare, stylist: Stylist
) -> None:
    faults(cloudflare_api, {"effect": "spent", "times": 1})

    first, second = stylist.page(), stylist.page()

    assert [each["source"] for each in (first, second)] == ["template", "template"]
    assert "the day's free neurons are spent" in first["note"]
    assert calls(cloudflare_api) == 1
    picture = stylist.call("web.asset.generate", PICTURE)
    assert (picture.status_code, picture.json()["title"], picture.json()["outcome"]) == (
        503,
        "AI unavailable",
        "rejected",
    )
    assert 0 < int(picture.headers["retry-after"]) <= 24 * 60 * 60


def test_no_room_is_tried_again_after_a_moment_and_then_left_alone_for_a_minute(
    cloudflare_api: LocalCloudflare, stylist: Stylist
) -> None:
    faults(cloudflare_api, {"effect": "busy", "times": 1})
    assert stylist.page()["source"] == "ai"

    faults(cloudflare_api, {"effect": "busy", "times": 2})
    first, second = stylist.page(), stylist.page()

    assert [each["source"] for each in (first, second)] == ["template", "template"]
    assert "no room now" in second["note"]
    assert calls(cloudflare_api) == 2
    picture = stylist.call("web.asset.generate", PICTURE)
    assert (picture.status_code, 0 < int(picture.headers["retry-after"]) <= 60) == (503, True)


def test_the_days_budget_is_never_passed(cloudflare_api: LocalCloudflare, stylist: Stylist) -> None:
    """A picture costs 58 neurons, and the budget here is 300."""
    answers = [stylist.call("web.asset.generate", PICTURE | {"seed": seed}) for seed in range(7)]

    assert [answer.status_code for answer in answers] == [201] * 5 + [503] * 2
    assert "budget of neurons is spent" in answers[-1].json()["detail"]
    assert calls(cloudflare_api) == 5


def test_a_picture_has_the_name_of_its_model_prompt_and_seed(cloudflare_api: LocalCloudflare, stylist: Stylist) -> None:
    first, again, other = (stylist.call("web.asset.generate", PICTURE | {"seed": seed}) for seed in (1, 1, 2))

    assert [answer.status_code for answer in (first, again, other)] == [201, 200, 201]
    assert first.json() == again.json()
    assert other.json()["name"] != first.json()["name"]
    assert calls(cloudflare_api) == 2
    shown = stylist.get(first.json()["path"])
    assert (shown.status_code, shown.headers["content-type"], shown.content[:2]) == (200, "image/jpeg", b"\xff\xd8")
    assert stylist.get(first.json()["path"], if_none_match=first.json()["etag"]).status_code == 304
    stored = cloudflare_api.call("GET", f"/r2/buckets/efh-images/objects/pictures/{first.json()['name']}")
    assert stored.content == shown.content
