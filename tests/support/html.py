"""HTML as a browser's parser sees it, and contrast as WCAG computes it."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """A page's elements in order, each with its attributes; its text by element; all attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.tags.append((tag, dict(attrs)))
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        element = self.elements[-1] if self.elements else ""
        self.texts[element] = self.texts.get(element, "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of that name."""
        return [attributes for name, attributes in self.tags if name == tag]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours such as #0a7f5a."""
    lighter, darker = sorted([_luminance(one), _luminance(other)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
