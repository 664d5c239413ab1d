"""A sentence in every character set that mail has, under the names that mail programs give them."""

from __future__ import annotations

import base64
import quopri

from tests.support.real_mails import b64, lines, mail

# The same sentence in the character sets that the web and mail programs of thirty years used, as they name them.
_CHARSETS = {
    # The last three are none, and what stands in them is UTF-8 as a rule today.
    "utf-8": ["UTF8", '"utf-8"', "unicode-1-1-utf-8", "utf8mb4", "unknown-8bit", "x-unknown"],
    "latin-1": ["iso-8859-1", "ISO_8859-1", "latin1", "l1"],
    "cp1252": ["windows-1252", "cp1252", "x-cp1252"],
    "cp1251": ["windows-1251"],
    "koi8-r": ["koi8-r"],
    "iso-8859-2": ["iso-8859-2", "latin2"],
    "iso-8859-15": ["iso-8859-15"],
    "cp1256": ["windows-1256"],
    "iso-8859-8": ["iso-8859-8-i", "iso-8859-8-e"],
    "gb18030": ["gb2312", "GBK", "gb18030", "x-gbk"],
    "big5": ["big5", "Big5-HKSCS"],
    "euc-kr": ["euc-kr", "ks_c_5601-1987"],
    "shift_jis": ["shift_jis", "x-sjis", "Windows-31J"],
    "euc-jp": ["euc-jp"],
    "iso-2022-jp": ["iso-2022-jp"],
    "mac-roman": ["macintosh", "x-mac-roman"],
    "cp874": ["windows-874", "tis-620"],
}
_SENTENCES = {
    "cp1251": "Сколько стоит курс?",
    "koi8-r": "Сколько стоит курс?",
    "iso-8859-2": "Ile kosztuje kurs? Źdźbło",
    "iso-8859-15": "Der Kurs kostet 5 €?",
    "cp1256": "كم سعر الدورة؟",
    "iso-8859-8": "כמה עולה הקורס?",
    "gb18030": "课程多少钱？",
    "big5": "課程多少錢？",
    "euc-kr": "강좌 가격이 얼마예요?",
    "shift_jis": "コースの料金はいくらですか？",
    "euc-jp": "コースの料金はいくらですか？",
    "iso-2022-jp": "コースの料金はいくらですか？",
    "mac-roman": "Combien coûte le cours à Zoë ?",
    "cp874": "คอร์สราคาเท่าไร",
}
CHARSETS = [
    (name, _SENTENCES.get(codec, "Wie teuer ist der Kurs, Zoë? Grüße"), codec)
    for codec, names in _CHARSETS.items()
    for name in names
]


def in_charset(name: str, sentence: str, codec: str, encoding: str) -> bytes:
    """A mail whose words and subject are in a character set; `encoding` of its text."""
    content = sentence.encode(codec)
    body = {
        "8bit": content,
        "base64": base64.encodebytes(content).strip(),
        "quoted-printable": quopri.encodestring(content),
    }[encoding]
    bare = name.strip('"')
    return mail(
        f"Subject: =?{bare}?B?{b64(content)}?=",
        f"Content-Type: text/plain; charset={name}",
        f"Content-Transfer-Encoding: {encoding}",
        body=lines(body),
    )
