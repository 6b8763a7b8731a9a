"""How often a client may do what: windows of events, weight by the minute, bans. Time comes in."""

import collections
import dataclasses

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
ADDRESSES_MAX = 1024
"""Addresses remembered; the one that was quiet longest is forgotten first."""

PATIENCE = 3
"""Requests that are still answered 429 while the client was asked to wait; then it is banned."""

BAN_NS = 2 * MINUTE_NS
"""How long the first ban lasts; each further one of the same address twice as long."""

BAN_NS_MAX = 3 * 24 * 60 * MINUTE_NS


class Window:
    """At most ``events_max`` events in any stretch of ``length_ns``."""

    __slots__ = ("_events", "_length_ns", "_times")

    def __init__(self, events_max: int, length_ns: int) -> None:
        self._events = events_max
        self._length_ns = length_ns
        self._times: collections.deque[int] = collections.deque(maxlen=events_max)

    def admit(self, now_ns: int) -> bool:
        """Counts one event; False when it is one too many."""
        times = self._times
        full = len(times) == self._events and now_ns - times[0] < self._length_ns
        if not full:
            times.append(now_ns)
        return not full


@dataclasses.dataclass(slots=True)
class Account:
    """What one address has used: weight of its present minute, and until when it must wait."""

    minute: int = 0
    used: int = 0
    wait_until_ns: int = 0
    impatient: int = 0
    banned: bool = False
    bans: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a request: status 200, 429 or 418, weight used, seconds to wait."""

    status: int
    used: int
    retry_after_seconds: int = 0
    until_ns: int = 0


class Weights:
    """REST weight per address: 429 above the limit, 418 for those who go on, longer each time."""

    def __init__(self, weight_max: int) -> None:
        self._weight_max = weight_max
        self._accounts: collections.OrderedDict[str, Account] = collections.OrderedDict()

    def judge(self, address: str, weight: int, now_ns: int) -> Verdict:
        """Counts one request of ``weight`` and says how it is answered."""
        account = self._account(address)
        if now_ns < account.wait_until_ns:
            return self._refuse_again(account, now_ns)
        if account.wait_until_ns:
            account.wait_until_ns, account.impatient, account.banned = 0, 0, False
        minute = now_ns // MINUTE_NS
        if minute != account.minute:
            account.minute, account.used = minute, 0
        account.used += weight
        if account.used > self._weight_max:
            account.wait_until_ns = (minute + 1) * MINUTE_NS
            return self._refusal(account, now_ns)
        return Verdict(200, account.used)

    def limit(self, address: str, duration_ns: int, now_ns: int) -> Verdict:
        """Makes ``address`` wait as if it had used too much."""
        account = self._account(address)
        account.wait_until_ns = max(account.wait_until_ns, now_ns + duration_ns)
        return self._refusal(account, now_ns)

    def _refuse_again(self, account: Account, now_ns: int) -> Verdict:
        account.impatient += 1
        if account.impatient >= PATIENCE and not account.banned:
            account.banned = True
            ban_ns = min(BAN_NS << account.bans, BAN_NS_MAX)
            account.bans = min(account.bans + 1, 32)
            account.wait_until_ns = max(account.wait_until_ns, now_ns + ban_ns)
        return self._refusal(account, now_ns)

    def _refusal(self, account: Account, now_ns: int) -> Verdict:
        seconds = max(1, -((now_ns - account.wait_until_ns) // SECOND_NS))
        status = 418 if account.banned else 429
        return Verdict(status, account.used, seconds, account.wait_until_ns)

    def _account(self, address: str) -> Account:
        account = self._accounts.get(address)
        if account is None:
            account = self._accounts[address] = Account()
            if len(self._accounts) > ADDRESSES_MAX:
                self._accounts.popitem(last=False)
        self._accounts.move_to_end(address)
        return account
