"""XML of a stranger read without entities, and written as it was but for what changed."""

import re
from typing import Any

from chatbot.common.rejected import RejectedFile

_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*>)*+", re.DOTALL)


def parsed(data: bytes, name: str) -> Any:
    """Raises `RejectedFile`."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, strip_cdata=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise RejectedFile("damaged", name=name) from error


def written(root: Any, data: bytes) -> bytes:
    """With all that stood before the root and the end of the last line as they were."""
    from lxml import etree

    tree = root.getroottree()
    encoding = tree.docinfo.encoding or "UTF-8"
    head = _HEAD.match(data)
    if not head or not data.startswith(b"<", head.end()):  # in an encoding of wide characters
        whole: bytes = etree.tostring(tree, encoding=encoding, xml_declaration=True)
        return whole
    body: bytes = etree.tostring(root, encoding=encoding, xml_declaration=False, with_tail=False)
    return head[0] + body + data[data.rindex(b">") + 1 :]


def only(element: Any, name: str) -> Any:
    """Its first child of that name in any namespace, or None."""
    return next(iter(element.findall(f"{{*}}{name}")), None)


def as_text(element: Any) -> str:
    return "".join(element.itertext()).strip()
