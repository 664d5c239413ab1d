"""ai-stylist's assets: SVG whose text never leaves the picture."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from tests.support.autopilots import Autopilot
from tests.support.styling import BRAND, TEXTS, svg_texts


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
    ids=["capitals", "full", "long-brand", "all-full", "widest", "arabic", "a-name-first", "emoji", "chinese"],
    argvalues=[
        ("EFH", "SUMMER BREAD WORKSHOP WEEKEND MAMMOTH SALE NOW", ""),
        ("EFH", FULL, f"{FULL}, {FULL}"[:200]),
        (LONG_BRAND, "Bread course", ""),
        (LONG_BRAND.upper(), FULL.upper(), FULL.upper()),
        ("W" * 80, "W" * 120, "M" * 200),
        ("خبز", "تعلّم الخبز في المنزل! (الجزء 2)", ""),
        ("خبز", "EFH تعلّم الخبز في المنزل!", "دورة (الجزء 2)."),
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
