"""ai-stylist: branded pages and assets, whose words come from the caller, from Workers AI, or from a template.

Workers AI does not run on this machine: where a test needs it, a Worker's module stands in for it behind the same kind
of binding that Cloudflare uses (a wrapped one), and answers by the title of the page.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.autopilots import Autopilot, running
from tests.support.html import Page

BRAND = {"name": "Ørsted & Søn", "colour": "#0a7f5a", "tagline": "Bread <3"}
PAGE = {
    "brand": BRAND,
    "title": "Learn to bake",
    "brief": "A course in four evenings.",
    "sections": [{"heading": "What you learn", "text": "Sourdough.\n\nRye."}],
    "callToAction": {"label": "Enrol now", "href": "https://example.com/enrol?a=1&b=2"},
    "language": "en",
}
WORKERS_AI = """
export default function () {
  return {
    async run(model, inputs, options) {
      if (!model.startsWith("@cf/") || !(options.signal instanceof AbortSignal)) throw new Error("called otherwise");
      const { title, subject } = JSON.parse(inputs.messages[1].content);
      if (title === "a failure") throw new Error("3043: Internal server error");
      const words = subject
        ? { headline: "Written by AI", subline: `About ${subject}` }
        : {
            title: "A title by AI",
            lead: `<b>AI</b> on ${title}`,
            sections: [{ kind: "questions", heading: "One", text: "", items: [{ heading: "Two?", text: "Three." }] }],
          };
      const bad = { "no JSON": "Here is your page:", "wrong words": '{"lead": 7}' };
      const isAgain = inputs.messages[0].content.includes("/lead must be one line of 1 to 600 characters");
      const first = title === "better at the second try" && !isAgain ? bad["wrong words"] : undefined;
      const content = first ?? bad[title] ?? JSON.stringify(words);
      return { choices: title === "no choice" ? [] : [{ message: { role: "assistant", content } }] };
    },
  };
}
"""
# What people type, and what attackers do; control characters are refused, see below.
TEXTS = st.text(
    st.one_of(st.sampled_from("<>&\"'`=/{}$; "), st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"])),
    min_size=1,
    max_size=60,
).filter(lambda text: text.strip() != "" and not any(unicodedata.category(character) == "Cf" for character in text))


@pytest.fixture(scope="module")
def stylist() -> Iterator[Autopilot]:
    with running("stylist") as autopilot:
        yield autopilot


@pytest.fixture(scope="module")
def stylist_with_ai() -> Iterator[Autopilot]:
    ai = {"name": "workers-ai", "modules": True, "script": WORKERS_AI}
    with running("stylist", wrappedBindings={"AI": {"scriptName": "workers-ai"}}, beside=[ai]) as autopilot:
        yield autopilot


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


@pytest.mark.parametrize(
    ("format_name", "size"),
    [("card", (1200, 630)), ("square", (1080, 1080)), ("story", (1080, 1920)), ("banner", (1500, 500))],
)
def test_an_asset_is_stored_and_served(stylist: Autopilot, format_name: str, size: tuple[int, int]) -> None:
    meta = {"brand": BRAND, "format": format_name, "subject": "Baking for beginners", "subline": "面包 & 🥖 <b>"}

    made = stylist.call("web.asset.generate", meta)
    asset = stylist.get(made.json()["path"])

    assert made.status_code == 201
    assert (made.json()["width"], made.json()["height"]) == size
    assert asset.headers["content-type"] == "image/svg+xml"
    assert asset.headers["x-content-type-options"] == "nosniff"
    assert asset.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "immutable" in asset.headers["cache-control"]
    assert stylist.get(made.json()["path"], if_none_match=made.json()["etag"]).status_code == 304
    texts = svg_texts(asset.content)
    assert " ".join(texts["text"]) == "Baking for beginners 面包 & 🥖 <b> Ørsted & Søn"
    assert texts["title"] == ["Baking for beginners"]


# Advances of a bold sans in em, measured elsewhere than in the Worker: the bold of Arial, by kind of character.
ARIAL_BOLD = {
    "narrow": 0.34,
    "digit": 0.56,
    "lower": 0.62,
    "m": 0.89,
    "upper": 0.78,
    "M": 0.95,
    "wide": 1.3,
    "other": 0.8,
}


def advance(text: str) -> float:
    """In em."""
    width = 0.0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Cf"):
            continue
        if character in "ijlI.,:;'|!()[] ":
            kind = "narrow"
        elif character.isdigit():
            kind = "digit"
        elif character in "mw" or character in "MW@%…":
            kind = "m" if character in "mw" else "M"
        elif unicodedata.east_asian_width(character) in "WF":
            kind = "wide"
        else:
            kind = "lower" if character.islower() else "upper" if character.isupper() else "other"
        width += ARIAL_BOLD[kind]
    return width


FULL = "Learn to bake bread at home in eight weeks with live lessons, recipes, feedback from bakers and a certificate"
LONG_BRAND = "Europäische Fachhochschule für Handwerk, Bäckerei und Konditorei Mittelfranken e"


@pytest.mark.parametrize("format_name", ["card", "square", "story", "banner"])
@pytest.mark.parametrize(
    ("brand", "subject", "subline"),
    ids=["capitals", "full", "long-brand", "all-full", "widest", "arabic", "emoji", "chinese"],
    argvalues=[
        ("EFH", "SUMMER BREAD WORKSHOP WEEKEND MAMMOTH SALE NOW", ""),
        ("EFH", FULL, f"{FULL}, {FULL}"[:200]),
        (LONG_BRAND, "Bread course", ""),
        (LONG_BRAND.upper(), FULL.upper(), FULL.upper()),
        ("W" * 80, "W" * 120, "M" * 200),
        ("خبز", "تعلّم الخبز في المنزل! (الجزء 2)", ""),
        ("🥐🍞", "🥐🍞 " * 20, "👩‍🍳" * 20),
        ("面包", "在家学习烤面包" * 10, ""),
    ],
)
def test_text_never_leaves_the_picture(
    stylist: Autopilot, format_name: str, brand: str, subject: str, subline: str
) -> None:
    meta = {"brand": {"name": brand}, "subject": subject, "format": format_name}
    answer = stylist.call("web.asset.generate", meta | ({"subline": subline} if subline else {}))
    assert answer.status_code == 201, answer.text
    svg = ElementTree.fromstring(stylist.get(answer.json()["path"]).content)  # noqa: S314  our own
    width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
    below = 0.0
    for text in svg.iter("{http://www.w3.org/2000/svg}text"):
        x, y, size = (float(text.attrib[name]) for name in ("x", "y", "font-size"))
        reach = advance(text.text or "") * size
        left, right = (x - reach, x) if text.attrib["direction"] == "rtl" else (x, x + reach)
        assert (left >= 0, right <= width, y - 0.8 * size >= below, y + 0.25 * size <= height) == (True,) * 4, text.text
        below = y + 0.2 * size
        assert (text.attrib["direction"] == "rtl") == (brand == "خبز")


def test_characters_are_counted_as_people_count_them(stylist: Autopilot) -> None:
    """A cook is one character of five code points, and e with an accent one of two."""
    names = ["👩‍🍳" * 80, "e\u0301" * 80, "👩‍🍳" * 81, "e" * 81, "e" + "\u0301" * 2_000]
    answers = [stylist.call("web.asset.generate", {"brand": {"name": name}, "subject": "Bread"}) for name in names]

    assert [answer.status_code for answer in answers] == [201, 201, 422, 422, 422]


def test_the_same_asset_has_the_same_name(stylist: Autopilot) -> None:
    meta = {"brand": BRAND, "subject": "Baking"}

    names = {stylist.call("web.asset.generate", meta).json()["name"] for _ in range(2)}

    assert len(names) == 1


@settings(max_examples=25, deadline=None)
@given(headline=TEXTS, subline=TEXTS)
def test_an_asset_is_well_formed_whatever_it_says(stylist: Autopilot, headline: str, subline: str) -> None:
    meta = {"brand": BRAND, "subject": "s", "headline": headline, "subline": subline}

    made = stylist.call("web.asset.generate", meta).json()
    texts = svg_texts(stylist.get(made["path"]).content)

    assert texts["title"] == [headline]
    assert set(texts) == {"title", "desc", "text", "rect"}


def test_a_long_headline_is_broken_into_lines_and_ends_in_an_ellipsis(stylist: Autopilot) -> None:
    meta = {"brand": BRAND, "subject": "s", "headline": "W" * 120}

    made = stylist.call("web.asset.generate", meta).json()
    *headline, brand, name = svg_texts(stylist.get(made["path"]).content)["text"]

    assert (brand, name) == (BRAND["tagline"], BRAND["name"])
    assert len(headline) == 4
    assert headline[-1].endswith("…")
    assert max(len(line) for line in headline) < 30


def test_an_assets_words_are_written_by_workers_ai(stylist_with_ai: Autopilot) -> None:
    made = stylist_with_ai.call("web.asset.generate", {"brand": BRAND, "subject": "rye"}).json()

    assert made["source"] == "ai"
    assert svg_texts(stylist_with_ai.get(made["path"]).content)["title"] == ["Written by AI"]


@pytest.mark.parametrize("path", ["/a/", "/a/0123456789abcdef.svg", "/a/0123456789abcdef", "/assets/x.svg"])
def test_what_was_never_made_is_not_found(stylist: Autopilot, path: str) -> None:
    assert stylist.get(path).status_code == 404


def generate_without_sections(stylist: Autopilot, title: str) -> dict[str, Any]:
    meta = {key: value for key, value in PAGE.items() if key != "sections"} | {"title": title}
    return dict(stylist.call("web.pages.generate", meta).json())


def svg_texts(svg: bytes) -> dict[str, list[str]]:
    """Texts by element, of a document that must be well-formed XML."""
    texts: dict[str, list[str]] = {}
    for element in ElementTree.fromstring(svg):  # noqa: S314 - the Worker's own answer
        texts.setdefault(element.tag.removeprefix("{http://www.w3.org/2000/svg}"), []).append(element.text or "")
    return texts
