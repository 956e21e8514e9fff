"""`python -m chatbot.users NAME [USERS.json] [--admin]` asks for a password and prints NAME's entry for the users file, or
writes it into the file. An admin may change the model that answers everybody.
"""

import getpass
import json
import sys
from pathlib import Path

from chatbot.access.users import HOW, add_user, entry_of

ADMIN = "--admin"


def main(arguments: list[str]) -> int:
    given = [argument for argument in arguments if argument != ADMIN]
    if len(given) not in {1, 2} or any(argument.startswith("--") for argument in given):
        print(f"Usage: {HOW} [USERS.json] [{ADMIN}]", file=sys.stderr)
        return 2
    name, password = given[0], getpass.getpass("Password: ")
    if len(password) < 8 or password != getpass.getpass("Again: "):
        print("The passwords differ, or have less than 8 characters.", file=sys.stderr)
        return 1
    entry = {name: entry_of(password, admin=ADMIN in arguments)}
    if len(given) == 1:
        print(json.dumps(entry, ensure_ascii=False))
        return 0
    add_user(Path(given[1]), entry)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
