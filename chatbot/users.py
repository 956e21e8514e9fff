"""`python -m chatbot.users NAME [USERS.json]` asks for a password and prints NAME's entry for the users file, or writes it
into the file.
"""

import getpass
import json
import sys
from pathlib import Path

from chatbot.access.users import HOW, add_user, hash_password


def main(arguments: list[str]) -> int:
    if len(arguments) not in {1, 2}:
        print(f"Usage: {HOW} [USERS.json]", file=sys.stderr)
        return 2
    name, password = arguments[0], getpass.getpass("Password: ")
    if len(password) < 8 or password != getpass.getpass("Again: "):
        print("The passwords differ, or have less than 8 characters.", file=sys.stderr)
        return 1
    entry = {name: hash_password(password)}
    if len(arguments) == 1:
        print(json.dumps(entry, ensure_ascii=False))
        return 0
    add_user(Path(arguments[1]), entry)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
