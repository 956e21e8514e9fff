"""`python -m chatbot.keys DATA make USER [LABEL]` prints a new key for /v1, `list` shows all, `revoke ID` takes one away; at once."""

import sys
from pathlib import Path

from chatbot.api.keys import HOW, Keys
from chatbot.common.errors import BanyanError

USAGE = f"Usage: {HOW} DATA make USER [LABEL] | {HOW} DATA list | {HOW} DATA revoke ID"


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case [data, "make", user, *label] if len(label) <= 1:
                print(_of(data).make(user, "".join(label)))
            case [data, "list"]:
                for key in _of(data).all():
                    print(key.id, key.user, key.made, key.label)
            case [data, "revoke", id]:
                _of(data).revoke(id)
            case _:
                print(USAGE, file=sys.stderr)
                return 2
    except BanyanError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _of(data: str) -> Keys:
    """Those of the data folder."""
    return Keys(Path(data) / "keys.json")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
