"""Signing in without standing in anybody's way: passwords are checked beside the event loop, in turn."""

from collections import defaultdict
from ipaddress import IPv6Address, ip_address, ip_network

import anyio
from anyio.to_thread import run_sync

from chatbot.access.sessions import Sessions
from chatbot.access.users import TooManyTries, Users
from chatbot.common.errors import AccessDenied

AT_ONCE = 2  # passwords that are checked at once: each takes 16 MiB and a core for a fifth of a second
MOST_WAITING = 32  # of one address: at a fifth of a second each, the last waits some six seconds


class WrongPassword(AccessDenied):
    kind = code = "wrong_password"
    status = 400  # as Gradio's own sign-in answers


class SigningIn:
    """Of each address one password at a time is checked, `AT_ONCE` of all, so that a flood from one holds up no other."""

    def __init__(self, users: Users, sessions: Sessions) -> None:
        self._users = users
        self._sessions = sessions
        self._places = anyio.CapacityLimiter(AT_ONCE)
        self._turns: defaultdict[str, anyio.Lock] = defaultdict(anyio.Lock)

    async def __call__(self, name: str, password: str, address: str) -> str:
        """The token of a new session. Raises `WrongPassword` or `TooManyTries`."""
        here = network(address)
        turn = self._turns[here]
        if turn.statistics().tasks_waiting >= MOST_WAITING:
            raise TooManyTries(
                "Too many people sign in from your address at once. Please try again.", kind="sign_in_busy"
            )
        try:
            async with turn:
                right = await run_sync(self._users.check, name, password, here, limiter=self._places)
        finally:
            if not turn.statistics().tasks_waiting and not turn.locked():
                self._turns.pop(here, None)
        if not right:
            raise WrongPassword("The name or the password is wrong.")
        return await run_sync(self._sessions.begin, name)


def network(address: str) -> str:
    """Who counts as one: an IPv4 address, or the 64 bits of an IPv6 address that a household is given (RFC 6177)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address
