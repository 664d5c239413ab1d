"""Pages of ai-stylist: each type's layout, and what makes it one that everybody can read.

No browser runs here: the HTML is parsed and the colours of its style are computed, as an accessibility check would.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.support.autopilots import Autopilot, running
from tests.support.eventually import eventually
from tests.support.html import Page, contrast
from tests.support.styling import svg_texts

TYPES = ["home", "course", "landing", "about", "contact", "pricing", "faq", "thank-you", "blog-post"]
SECTIONS = [{"heading": "One", "text": "1\n2"}, {"heading": "Two", "text": "a\n\nb"}]
MOST_BYTES = 30_000
LEAST_CONTRAST = 4.5
BACKGROUNDS = ["page", "soft", "card"]


@pytest.fixture(scope="module")
def stylist() -> Iterator[Autopilot]:
    platform = {"BRAND_NAME": "Ørsted & Søn", "BRAND_COLOUR": "#0a7f5a", "BRAND_TAGLINE": "Bread <3"}
    with running("stylist", bindings=platform) as autopilot:
        yield autopilot


def generate(stylist: Autopilot, **meta: Any) -> dict[str, Any]:
    answer = stylist.call("web.pages.generate", {"title": "A title", "sections": SECTIONS} | meta)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("page_type", TYPES)
def test_every_type_of_page_can_be_read_by_everybody(stylist: Autopilot, page_type: str, language: str) -> None:
    more = {"kind": "cards", "heading": "More", "items": [{"heading": "Three"}]}
    action = {"label": "Go", "href": "https://example.com/"}
    html = generate(
        stylist, pageType=page_type, language=language, sections=[*SECTIONS, more], callToAction=action, description="D"
    )["html"]
    page = Page(html)

    assert page.all("html") == [{"lang": language, "dir": "rtl" if language == "ar" else "ltr"}]
    assert page.all("body")[0]["class"] == page_type
    assert [page.elements.count(landmark) for landmark in ("header", "main", "footer")] == [1, 1, 1]
    levels = [int(element[1]) for element in page.elements if re.fullmatch("h[1-6]", element)]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert not {"script", "link", "img", "iframe", "form", "base"} & set(page.elements)
    assert not {name for name, _ in page.attributes if name.startswith("on") or name in ("src", "style", "id")}
    assert all(svg["aria-hidden"] == "true" for svg in page.all("svg"))
    assert {anchor["href"] for anchor in page.all("a")} == {"https://example.com/"}
    assert "url(" not in page.texts["style"]
    assert "@import" not in page.texts["style"]
    assert len(html.encode()) < MOST_BYTES


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#767676", "#ff0000", "#00ff00", "#0000ff", "#ffd43b"])
def test_every_text_can_be_read_on_its_background_in_light_in_dark_and_on_paper(
    stylist: Autopilot, colour: str
) -> None:
    style = Page(generate(stylist, brand={"colour": colour})["html"]).texts["style"]
    light, dark, paper = (dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", root)) for root in style.split(":root")[1:])

    assert light["brand"] == colour
    for palette in (light, light | dark, light | dark | paper):
        texts = [(text, on) for text in ("text", "muted", "accent") for on in BACKGROUNDS]
        pairs = [*texts, ("on-accent", "accent"), ("on-brand", "brand"), ("on-brand", "shade")]
        ratios = {pair: contrast(palette[pair[0]], palette[pair[1]]) for pair in pairs}
        assert not {pair: ratio for pair, ratio in ratios.items() if ratio < LEAST_CONTRAST}


def test_the_style_names_no_colour_of_its_own(stylist: Autopilot) -> None:
    """So the contrasts above are those of all texts; on paper, the hero is black on white."""
    style = Page(generate(stylist)["html"]).texts["style"]

    assert set(re.findall(r"(?<!-)\bcolor:([^;}!]+)", style)) == {
        *(f"var(--{name})" for name in ("text", "muted", "accent", "on-accent", "on-brand", "brand")),
        "#000",
    }


def test_a_pages_own_policy_allows_its_style_and_nothing_else(stylist: Autopilot) -> None:
    html = generate(stylist)["html"]
    [style] = re.findall("<style>(.*?)</style>", html, re.DOTALL)
    [policy] = [meta["content"] for meta in Page(html).all("meta") if meta.get("http-equiv")]

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@pytest.mark.parametrize(
    ("page_type", "blocks"),
    [
        ("home", ["cards"]),
        ("course", ["steps"]),
        ("about", ["prose", "prose"]),
        ("contact", ["facts"]),
        ("pricing", ["plans"]),
        ("faq", ["questions"]),
        ("thank-you", ["steps"]),
        ("blog-post", ["prose", "prose"]),
    ],
)
def test_sections_are_shown_as_the_type_of_page_asks_for(stylist: Autopilot, page_type: str, blocks: list[str]) -> None:
    page = Page(generate(stylist, pageType=page_type)["html"])

    assert [section["class"] for section in page.all("section")] == blocks


def test_a_section_that_does_not_fit_stands_alone_in_its_place(stylist: Autopilot) -> None:
    long = {"heading": "Long", "text": "x" * 400}

    page = Page(generate(stylist, pageType="home", sections=[*SECTIONS, long, SECTIONS[0]])["html"])

    assert [section["class"] for section in page.all("section")] == ["cards", "prose", "prose"]


def test_a_section_may_say_how_it_is_shown(stylist: Autopilot) -> None:
    plan = {"kind": "plans", "heading": "Prices", "items": [{"heading": "All", "text": "€ 12\nEverything"}]}

    page = Page(generate(stylist, pageType="home", sections=[plan])["html"])

    assert [section["class"] for section in page.all("section")] == ["plans"]
    assert (page.texts["h2"].strip(), page.texts["h3"].strip()) == ("Prices", "All")
    assert "€ 12" in page.texts["p"]
    assert "Everything" in page.texts["li"]


def test_an_address_or_a_number_of_a_contact_page_can_be_clicked(stylist: Autopilot) -> None:
    lines = ["ada@example.com", "+49 (30) 123-456", "javascript:alert(1)", "a@example.com?bcc=b@example.com", "Lane 1"]

    page = Page(generate(stylist, pageType="contact", sections=[{"heading": "Us", "text": "\n".join(lines)}])["html"])

    assert [anchor["href"] for anchor in page.all("a")] == ["mailto:ada@example.com", "tel:+4930123456"]


@pytest.mark.parametrize(
    ("asked", "page_type"), [("Blog post", "blog-post"), ("thank_you", "thank-you"), ("FAQ", "faq")]
)
def test_a_type_of_page_may_be_spelt_as_people_do(stylist: Autopilot, asked: str, page_type: str) -> None:
    assert generate(stylist, pageType=asked)["pageType"] == page_type


@pytest.mark.parametrize(
    ("language", "direction"),
    [
        *[(language, "rtl") for language in ("ar", "he", "fa-IR", "ur", "dv", "az-Arab")],
        *[(language, "ltr") for language in ("ar-Latn", "pt-BR", "zh-Hant")],
    ],
)
def test_a_page_runs_as_its_language_is_written(stylist: Autopilot, language: str, direction: str) -> None:
    page = Page(generate(stylist, language=language)["html"])

    assert page.all("html") == [{"lang": language, "dir": direction}]


def test_a_name_in_front_does_not_turn_a_text_round_and_each_block_runs_its_own_way(stylist: Autopilot) -> None:
    sections = [{"heading": "دروس", "text": "مجموعات"}, {"heading": "English", "text": "Also taught."}]
    meta = {"brand": {"name": "EFH"}, "title": "EFH تعلّم الخبز في المنزل!", "brief": "دورة (الجزء 2)."}

    page = Page(generate(stylist, language="ar", sections=sections, **meta)["html"])

    assert page.all("main") == [{}]
    assert page.all("h1") == [{"dir": "rtl"}]
    assert {"class": "lead", "dir": "auto"} in page.all("p")
    assert page.all("h2") == [{"dir": "auto"}] * 2


@pytest.mark.parametrize(
    ("description", "title", "lead"),
    [
        ("Welcome page for new students", "Welcome page for new students", "Bread <3"),
        ("Bake bread. Four evenings, one oven.", "Bake bread.", "Four evenings, one oven."),
        ("word " * 40 + "end", "word " * 22 + "word…", "word " * 40 + "end"),
    ],
)
def test_a_page_with_only_a_description_is_headed_by_its_first_sentence(
    stylist: Autopilot, description: str, title: str, lead: str
) -> None:
    answer = stylist.call("web.pages.generate", {"description": description}).json()

    assert answer["title"] == title
    assert ("content", lead) in Page(answer["html"]).attributes


def test_a_page_without_title_and_description_is_refused(stylist: Autopilot) -> None:
    answer = stylist.call("web.pages.generate", {"pageType": "home"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/meta", "message": "needs a title or a description"}]


def test_the_brand_is_the_platforms_but_for_what_the_caller_says(stylist: Autopilot) -> None:
    own = generate(stylist)["html"]
    other = generate(stylist, brand={"name": "Other"})["html"]

    assert Page(own).texts["title"].strip() == "A title · Ørsted & Søn"
    assert "--brand:#0a7f5a" in own
    assert Page(other).texts["title"].strip() == "A title · Other"
    assert "Bread" not in other, "the platform's tagline is not said of another brand"


def test_the_brand_of_an_asset_is_the_platforms_likewise(stylist: Autopilot) -> None:
    made = [stylist.call("web.asset.generate", {"subject": "Rye"} | brand) for brand in ({}, {"brand": {"name": "B"}})]
    own, other = (svg_texts(stylist.get(each.json()["path"]).content) for each in made)

    assert own["text"] == ["Rye", "Bread <3", "Ørsted & Søn"]
    assert own["desc"] == ["Ørsted & Søn: Bread <3"]
    assert (other["text"], other["desc"]) == (["Rye", "B"], ["B"])


def test_a_variable_that_is_no_colour_is_named() -> None:
    with running("stylist", bindings={"BRAND_NAME": "EFH", "BRAND_COLOUR": "red"}) as stylist:
        answer = stylist.call("web.pages.generate", {"title": "A title"})

    assert (answer.status_code, answer.json()["missing"]) == (503, ["BRAND_COLOUR"])
    assert "must be a colour such as #0a7f5a" in answer.json()["detail"]


def test_a_page_is_stored_as_a_draft_that_nobody_finds_by_chance(stylist: Autopilot) -> None:
    made = generate(stylist)

    draft = stylist.get(made["path"])

    assert made["status"] == "draft"
    assert re.fullmatch(r"/d/[0-9a-f]{64}\.html", made["path"])
    assert draft.text == made["html"]
    assert draft.headers["content-type"] == "text/html; charset=utf-8"
    assert draft.headers["content-security-policy"].startswith("default-src 'none';")
    assert draft.headers["x-robots-tag"] == "noindex"
    assert stylist.get(made["path"], if_none_match=made["etag"]).status_code == 304
    assert stylist.get(f"/d/{'0' * 64}.html").status_code == 404


def test_a_draft_is_gone_after_its_days() -> None:
    """With no days at all, so at once; each new page deletes some of the old ones."""
    with running("stylist", bindings={"DRAFT_DAYS": "0"}) as stylist:
        paths = [generate(stylist, title=f"Page {number}")["path"] for number in range(3)]
        assert [stylist.get(path).status_code for path in paths] == [404] * 3

        def is_swept() -> bool:
            generate(stylist, title="Another")
            return all(
                stylist.stored("EFH_ASSETS", f"drafts{path.removeprefix('/d')}").status_code == 404 for path in paths
            )

        eventually(is_swept, "the old drafts are deleted")


def test_a_page_has_an_end(stylist: Autopilot) -> None:
    """Twenty sections of twenty items, each as long as it may be, would be a page of megabytes."""
    item = {"heading": "h" * 120, "text": "&" * 2_000}
    section = {"heading": "s", "text": "", "items": [item] * 20}

    whole = stylist.call("web.pages.generate", {"title": "t", "sections": [section]})
    more = stylist.call("web.pages.generate", {"title": "t", "sections": [section, section]})

    assert (whole.status_code, more.status_code) == (201, 422)
    assert [error["pointer"] for error in more.json()["errors"]] == ["/meta/sections"]
    assert len(whole.content) < 1_000_000
