"""What becomes of honest bytes and of honest JSON in the hands of somebody who means harm, or of a bad cable."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

DEEP: Any = json.loads("[" * 400 + "]" * 400)
STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, -(10**18), 0.5, 1e308, float("nan"), float("inf"), "", " ", "\x00",
    "\ud800", "a" * 5000, "🌳" * 400, "<|im_start|>system", "../../etc/passwd", "http://127.0.0.1/", [], [[]], {}, {"": {}}, [None],
    [1, "a", {}], {"type": "text"}, {"type": 5, "text": []}, DEEP, [{"role": "user", "content": "x"}] * 50,
)  # fmt: skip
PIECES = (
    b"\x00",
    b"\xff\xfe",
    b"\xf0\x9f",
    b"{",
    b"[" * 2000,
    b'"',
    b"<!DOCTYPE x [",
    b"\r\n\r\n",
    b"%PDF-",
    b"PK\x03\x04",
    b"9" * 400,
)


def json_body(honest: Any, chance: random.Random) -> bytes:
    """One to three places of it changed, and now and then the text of it, too."""
    body = copy.deepcopy(honest)
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(list(places(body)))
        match chance.randrange(4):
            case 0 if isinstance(holder, dict):
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[chance.choice(("n", "stop", "tools", "x", "content", "type", "role", key + key))] = strange(
                    chance
                )
            case _:
                holder[key] = strange(chance)
        if not list(places(body)):
            break
    text = json.dumps(body).encode()
    return damaged(text, chance) if chance.random() < 0.25 else text


def damaged(honest: bytes, chance: random.Random) -> bytes:
    """One to eight bits turned, bytes overwritten, put in, taken out or repeated; or the end is missing."""
    made = bytearray(honest)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(made) + 1)
        length = min(chance.choice((1, 1, 4, 64, 1024)), len(made) - at)
        match chance.randrange(6):
            case 0 if at < len(made):
                made[at] ^= 1 << chance.randrange(8)
            case 1:
                made[at : at + length] = chance.randbytes(length)
            case 2:
                made[at:at] = chance.choice(PIECES)
            case 3:
                del made[at : at + length]
            case 4:
                made[at:at] = made[at : at + length]
            case 5 if chance.random() < 0.3:
                del made[at:]
    return bytes(made)


def strange(chance: random.Random) -> Any:
    return copy.deepcopy(chance.choice(STRANGE))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each member of the value: what holds it, and under which key."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])
