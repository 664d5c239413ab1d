"""ai-stylist: branded pages, whose words come from the caller, from Workers AI, or from a template."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.support.autopilots import Autopilot
from tests.support.html import Page
from tests.support.styling import BRAND, TEXTS

PAGE = {
    "brand": BRAND,
    "title": "Learn to bake",
    "brief": "A course in four evenings.",
    "sections": [{"heading": "What you learn", "text": "Sourdough.\n\nRye."}],
    "callToAction": {"label": "Enrol now", "href": "https://example.com/enrol?a=1&b=2"},
    "language": "en",
}


def generate(stylist: Autopilot, **changes: Any) -> dict[str, Any]:
    answer = stylist.call("web.pages.generate", PAGE | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_page_has_the_brand_and_the_callers_words(stylist: Autopilot) -> None:
    answer = generate(stylist)
    page = Page(answer["html"])

    assert answer["source"] == "template"
    assert page.texts["title"].strip() == "Learn to bake · Ørsted & Søn"
    assert page.texts["h1"].strip() == "Learn to bake"
    assert page.texts["h2"].strip() == "What you learn"
    assert page.texts["a"].split() == ["Enrol", "now"] * 2, "in the hero, and at the end of the page"
    assert ("href", "https://example.com/enrol?a=1&b=2") in page.attributes
    assert ("content", "A course in four evenings.") in page.attributes
    assert "--brand:#0a7f5a" in page.texts["style"]
    assert page.elements.count("p") == 1 + 2 + 2 + 2 + 2, "brand, lead and action, two paragraphs, closing, footer"


def test_a_page_is_accessible_and_needs_nothing_from_elsewhere(stylist: Autopilot) -> None:
    html = generate(stylist, callToAction={"label": "Go", "href": "https://example.com/"})["html"]
    page = Page(html)

    assert html.startswith('<!doctype html>\n<html lang="en" dir="ltr">')
    assert page.elements.count("h1") == page.elements.count("main") == 1
    assert ("name", "viewport") in page.attributes
    assert ("content", "light dark") in page.attributes
    assert not {"script", "link", "img", "iframe"} & set(page.elements)
    assert not {name for name, _ in page.attributes if name.startswith("on") or name == "src"}
    assert html.count("https://") == html.count('<a class="action" href="https://example.com/"') == 2


@settings(max_examples=40, deadline=None)
@given(title=TEXTS, heading=TEXTS, text=TEXTS)
def test_no_text_can_become_markup(stylist: Autopilot, title: str, heading: str, text: str) -> None:
    expected = Page(generate(stylist)["html"])
    sections = [{"heading": heading, "text": f"{text}\n\n{text}"}]

    page = Page(generate(stylist, title=title, brief=text, sections=sections)["html"])

    assert page.elements == expected.elements
    assert [name for name, _ in page.attributes] == [name for name, _ in expected.attributes]
    assert page.texts["h1"].strip("\n") == title
    assert page.texts["h2"].strip("\n") == heading
    assert ("content", text) in page.attributes


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"title": "a\u0000b"}, ["/meta/title"]),
        ({"title": "ends in a control character\u0007"}, ["/meta/title"]),
        ({"title": "half a surrogate \ud800"}, ["/meta/title"]),
        ({"title": " \u00a0 "}, ["/meta/title"]),
        ({"title": "two\nlines", "brief": "x" * 1001}, ["/meta/title", "/meta/brief"]),
        ({"brand": {"name": "B", "colour": "red;}"}}, ["/meta/brand/colour"]),
        ({"callToAction": {"label": "Go", "href": "javascript:alert(1)"}}, ["/meta/callToAction/href"]),
        ({"callToAction": {"label": "Go", "href": "https://user:pass@example.com"}}, ["/meta/callToAction/href"]),
        ({"language": 'en"'}, ["/meta/language"]),
        ({"language": "en_US"}, ["/meta/language"]),
        ({"pageType": "shop"}, ["/meta/pageType"]),
        ({"sections": [{"kind": "script", "heading": "a"}]}, ["/meta/sections/0/kind"]),
        (
            {"sections": [{"heading": "a", "text": 1}, {"text": ""}]},
            ["/meta/sections/0/text", "/meta/sections/1/heading"],
        ),
        ({"sections": [{}] * 21}, ["/meta/sections"]),
    ],
)
def test_what_cannot_stand_on_a_page_is_refused(
    stylist: Autopilot, changes: dict[str, Any], pointers: list[str]
) -> None:
    answer = stylist.call("web.pages.generate", PAGE | changes)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers


def test_a_page_without_sections_is_written_by_workers_ai(stylist_with_ai: Autopilot) -> None:
    answer = generate_without_sections(stylist_with_ai, "Bread")

    assert answer["source"] == "ai"
    assert "note" not in answer
    assert Page(answer["html"]).texts["h2"].strip() == "One"
    assert "&#60;b&#62;AI&#60;/b&#62; on Bread" in answer["html"], "what a model writes is escaped as well"


def test_workers_ai_also_writes_the_title_where_the_caller_gives_none(stylist_with_ai: Autopilot) -> None:
    answer = stylist_with_ai.call("web.pages.generate", {"description": "Welcome page for new students"}).json()

    assert (answer["source"], answer["title"]) == ("ai", "A title by AI")


def test_an_answer_of_workers_ai_that_breaks_the_rules_is_asked_for_once_more(stylist_with_ai: Autopilot) -> None:
    answer = generate_without_sections(stylist_with_ai, "better at the second try")

    assert answer["source"] == "ai"
    assert Page(answer["html"]).texts["summary"].strip() == "Two?"


@pytest.mark.parametrize("title", ["a failure", "no JSON", "wrong words", "no choice"])
def test_when_workers_ai_fails_the_template_is_used_and_the_answer_says_so(
    stylist_with_ai: Autopilot, title: str
) -> None:
    answer = generate_without_sections(stylist_with_ai, title)

    assert answer["source"] == "template"
    assert "Workers AI" in answer["note"]
    assert "3043" not in json.dumps(answer)
    assert "A course in four evenings." in answer["html"]


def test_words_that_the_caller_gives_are_not_written_again(stylist_with_ai: Autopilot) -> None:
    answer = generate(stylist_with_ai)

    assert answer["source"] == "template"
    assert Page(answer["html"]).texts["h2"].strip() == "What you learn"


@pytest.mark.parametrize("path", ["/a/", "/a/0123456789abcdef.svg", "/a/0123456789abcdef", "/assets/x.svg"])
def test_what_was_never_made_is_not_found(stylist: Autopilot, path: str) -> None:
    assert stylist.get(path).status_code == 404


def generate_without_sections(stylist: Autopilot, title: str) -> dict[str, Any]:
    meta = {key: value for key, value in PAGE.items() if key != "sections"} | {"title": title}
    return dict(stylist.call("web.pages.generate", meta).json())
