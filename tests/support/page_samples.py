"""Pages and assets to look at: each type of page and each format, with the texts that break layouts."""

from __future__ import annotations

from typing import Any

LONG_BRAND = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenversicherungsanstalt e. V."[:80]
_BRAND = {"name": "EFH", "colour": "#1f4e79", "tagline": "Learning that fits your evening"}
_ACTION = {"label": "Enrol now", "href": "https://example.com/enrol"}
_ARABIC = {"name": "EFH", "colour": "#0a7f5a", "tagline": "تعلّم في مسائك"}


def _sections(*parts: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"heading": heading, "text": text} for heading, text in parts]


_THREE = _sections(
    ("Taught live", "Small groups of twelve, with a baker who answers while the dough rests."),
    ("At your pace", "Every evening is recorded. Watch again whenever you like."),
    ("For beginners", "No machine and no earlier knowledge: flour, water, salt and an oven."),
)
_STORY = "In 2012 two friends opened a small bakery.\n\nTheir customers' questions became lessons. " * 3

PAGES: dict[str, dict[str, Any]] = {
    "guide": {"pageType": "home", "description": "Welcome page for new students"},
    "home": {
        **{"pageType": "home", "brand": _BRAND, "title": "Learn to bake bread at home", "callToAction": _ACTION},
        "description": "Four evenings, one oven, and a loaf that you will be proud of.",
        "sections": [*_THREE, {"heading": "How it began", "text": _STORY}],
    },
    "course": {
        **{"pageType": "course", "brand": _BRAND, "title": "Bread for beginners", "callToAction": _ACTION},
        "description": "A course in four evenings.",
        "sections": _sections(
            ("Flour and water", "What flour is, and what water does with it."),
            ("The first dough", "Kneading by hand.\n\nResting, and why."),
            ("Baking", "Heat, steam, and how one hears that a loaf is done."),
        ),
    },
    "landing": {
        **{"pageType": "landing", "title": "Open day on 14 March", "callToAction": _ACTION, "sections": _THREE},
        **{"brand": _BRAND | {"colour": "#5f3dc4"}, "description": "See the bakery, meet the teachers, taste it all."},
    },
    "about": {
        **{"pageType": "about", "brand": _BRAND | {"colour": "#d9480f"}, "title": "Who we are"},
        "description": "A small school with a large oven.",
        "sections": _sections(("How it began", _STORY), ("What we believe", "Good bread needs time.")),
    },
    "contact": {
        **{"pageType": "contact", "brand": _BRAND, "title": "Talk to us", "description": "We answer within a day."},
        "sections": _sections(
            ("E-mail", "hello@example.com"),
            ("Telephone", "+49 30 1234567"),
            ("Address", "Backgasse 1\n10115 Berlin"),
        ),
    },
    "pricing": {
        **{"pageType": "pricing", "title": "Simple prices", "description": "No contract. Cancel when you like."},
        **{"brand": _BRAND | {"colour": "#ffd43b"}, "callToAction": _ACTION},
        "sections": _sections(
            ("Taster", "€0\nOne evening\nRecipes as PDF"),
            ("Course", "€120\nFour evenings\nRecordings\nQuestions answered"),
            ("Year", "€480\nAll courses\nA place in the bakery"),
        ),
    },
    "faq": {
        **{"pageType": "faq", "brand": _BRAND, "title": "Questions and answers", "description": "What students ask."},
        "sections": _sections(
            ("Do I need a machine?", "No. Everything is made by hand."),
            ("Can I see it later?", "Yes, each evening is recorded and stays for a year."),
        ),
    },
    "thank-you": {
        **{"pageType": "thank-you", "brand": _BRAND | {"colour": "#0a7f5a"}, "title": "Thank you, you are in"},
        "description": "We have sent the details to your e-mail address.",
        "callToAction": {"label": "Back to the start", "href": "https://example.com/"},
    },
    "blog-post": {
        **{"pageType": "blog-post", "brand": _BRAND, "title": "Why sourdough needs time"},
        "description": "On flour, patience and the cold.",
        "sections": _sections(("A slow start", _STORY * 2), ("The fridge as a tool", "Cold slows the yeasts.")),
    },
    "ar": {
        **{"pageType": "home", "language": "ar", "brand": _ARABIC, "title": "EFH تعلّم الخبز في المنزل!"},
        **{"brief": "دورة (الجزء 2).", "callToAction": {"label": "سجّل الآن", "href": "https://example.com/"}},
        "sections": _sections(
            ("دروس مباشرة", "مجموعات صغيرة مع خبّاز يجيب عن أسئلتك."),
            ("بالسرعة التي تناسبك", "كل الدروس مسجّلة."),
            ("English spoken", "Everything is also taught in English."),
        ),
    },
    "ar-course": {
        **{"pageType": "course", "language": "ar", "brand": _ARABIC, "title": "الخبز للمبتدئين"},
        "description": "دورة في أربع أمسيات.",
        "sections": _sections(("الدقيق والماء", "ما هو الدقيق وماذا يفعل به الماء."), ("العجين الأول", "العجن باليد.")),
    },
    "ar-contact": {
        **{"pageType": "contact", "language": "ar", "brand": _ARABIC, "title": "اتصل بنا"},
        "sections": _sections(("بريد", "hello@example.com"), ("هاتف", "+49 30 1234567")),
    },
    "ar-pricing": {
        **{"pageType": "pricing", "language": "ar", "brand": _ARABIC, "title": "الأسعار", "description": "بلا عقد."},
        "sections": _sections(("تجربة", "€0\nأمسية واحدة"), ("دورة", "€120\nأربع أمسيات\nتسجيلات")),
    },
    "long": {
        **{"pageType": "pricing", "brand": {"name": LONG_BRAND}, "description": "x" * 300},
        "title": "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetzgebungsverfahren",
        "sections": _sections(("Preis", "€1.234.567,89 im Jahr\nsehr viel"), ("W" * 120, "W" * 80)),
        "callToAction": {"label": "y" * 60, "href": "https://example.com/"},
    },
    "long-home": {
        **{"pageType": "home", "brand": {"name": LONG_BRAND, "tagline": "t" * 120}, "title": "W" * 120},
        "sections": [
            {"heading": "H" * 120, "kind": kind, "text": "", "items": [{"heading": "I" * 120, "text": "T" * 300}] * 2}
            for kind in ("cards", "steps", "questions", "plans", "facts", "prose")
        ],
    },
    "emoji": {
        **{"pageType": "landing", "brand": {"name": "👩‍🍳 Bäckerei 🥖", "colour": "#ffffff"}, "title": "🥐" * 40},
        **{"description": "👨‍👩‍👧‍👦 für alle", "sections": _sections(("🍞 Brot", "🌾 Mehl 💧 Wasser"), ("🔥", "🕰️"))},
    },
    "empty": {"pageType": "about", "title": "Nothing more", "sections": []},
    "headings-alone": {
        "pageType": "home",
        "title": "T",
        "sections": _sections(("One", ""), ("Two", ""), ("Three", "")),
    },
}

FORMATS = ["card", "square", "story", "banner"]
ASSETS: dict[str, dict[str, Any]] = {
    "plain": {"subject": "Bread", "headline": "Learn to bake bread at home", "subline": "Four evenings, one oven"},
    "caps": {"subject": "x", "headline": "OPEN DAY ON THE FOURTEENTH OF MARCH: WWW.MMMMMM.WW", "subline": "W" * 90},
    "full": {"subject": "x", "headline": "Words that go on " * 7, "subline": "and on until the end " * 9},
    "brand-80": {"subject": "Bread", "brand": {"name": LONG_BRAND, "colour": "#ffd43b"}},
    "brand-caps": {"subject": "Bread", "brand": {"name": "W" * 80, "tagline": "M" * 120}},
    "arabic": {"subject": "EFH تعلّم الخبز في المنزل!", "brand": {"name": "مخبز", "tagline": "دورة (الجزء 2)."}},
    "hebrew": {"subject": "ללמוד לאפות לחם בבית!", "brand": {"name": "EFH"}},
    "emoji": {
        **{"subject": "🥐👩‍🍳", "brand": {"name": "👩‍🍳 Bäckerei 🥖"}},
        **{"headline": "🥐👩‍🍳" * 50, "subline": "👨‍👩‍👧‍👦" * 150},
    },
    "cjk": {"subject": "家でパンを焼くことを学ぶ、四つの夜とひとつのオーブンで" * 2, "brand": {"name": "烘焙学校"}},
    "one-word": {"subject": "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"},
}
