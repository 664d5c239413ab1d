"""The parts of a multipart answer, as bytes: GET …/content/v2 gives a Worker's modules so.

Python's own parser for mail would do, but it changes line ends, and the bytes are to be hashed.

Pure.
"""

from __future__ import annotations

import re


def parts(content_type: str, body: bytes) -> list[bytes]:
    """The bodies of the parts, in order; the whole body as one where it is not multipart."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if not content_type.startswith("multipart/") or not found:
        return [body]
    # A delimiter is a line of its own: a line that merely begins like it belongs to a part.
    delimiter = rb"\r\n--" + re.escape(found.group(1).encode()) + rb"(?:--)?[ \t]*(?=\r\n|\Z)"
    between = re.split(delimiter, b"\r\n" + body)[1:-1]
    return [part.partition(b"\r\n\r\n")[2] for part in between]
