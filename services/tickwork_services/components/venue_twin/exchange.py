"""Who hears what: the twin's connections, their subscriptions, and every message's way to them."""

from collections.abc import Callable

from websockets import datastructures, http11

from tickwork.unit.settings import venue_twin
from tickwork_services.components.venue_twin import frames, limits, line, market, sent
from tickwork_services.venues import venue

ADDRESSES_MAX = 1024
LINES_MAX = 1024
STREAM_LENGTH_MAX = 64
HANDSHAKE_NS = 10 * limits.SECOND_NS
"""A connection that has not asked for anything by then is cut."""

LEAVE_NS = 5 * limits.SECOND_NS
"""A connection that was closed and whose client does not let go is cut after this."""

Key = tuple[int, str]
Wrapping = tuple[bytes, bytes]
Groups = dict[Wrapping, list[line.Line]]
BARE: Wrapping = (b"", b"")

COUNTED = (
    "connections",
    "connectionsRefused",
    "connectionErrors",
    "handshakeTimeouts",
    "messageLimitCuts",
    "slowReadersCut",
    "pongTimeouts",
    "lifeCuts",
    "unsolicitedPongs",
    "refusedOrders",
    "unknownStreams",
    "frames",
)


class Exchange:
    """All connections of one twin; implements what a line needs of it."""

    def __init__(
        self,
        settings: venue_twin.VenueTwinSettings,
        server: venue.Server,
        now_ns: Callable[[], int],
    ) -> None:
        self.now_ns = now_ns
        self.server = server
        rules = server.limits
        self.messages_per_second_max = (
            settings.messages_in_per_second_max or rules.messages_per_second
        )
        self._streams_max = settings.streams_per_connection_max or rules.streams_per_connection
        self._attempts_max = settings.connection_attempts_max or rules.connection_attempts
        self.write_buffer_bytes_max = settings.write_buffer_bytes_max
        self.counts = dict.fromkeys(COUNTED, 0)
        self.sent = sent.Sent() if settings.sum_payloads else None
        self._settings = settings
        self._lines: dict[int, line.Line] = {}
        self._strangers: dict[int, line.Line] = {}
        self._leaving: dict[int, tuple[line.Line, int]] = {}
        self._routes: dict[Key, Groups] = {}
        self._attempts: dict[str, limits.Window] = {}
        self._line_id = 0
        self._turns = 0
        self._indices = {symbol: index for index, symbol in enumerate(settings.instruments)}

    @property
    def lines(self) -> list[line.Line]:
        """The open connections that listen to something, oldest first."""
        return [each for each in self._lines.values() if each.open and each.streams]

    def accept(self) -> line.Line:
        """Makes the line of a new connection."""
        self._line_id += 1
        return line.Line(self, self._line_id)

    def meet(self, stranger: line.Line) -> bool:
        """Takes a connection that has asked for nothing yet; False where there are too many."""
        if len(self._strangers) + len(self._lines) + len(self._leaving) >= LINES_MAX:
            self.count("connectionsRefused")
            return False
        self._strangers[stranger.id] = stranger
        return True

    def admit(self, asking: line.Line, address: str) -> http11.Response | None:
        """Counts a connection attempt; returns what refuses it."""
        window = self._attempts.get(address)
        if window is None:
            while len(self._attempts) >= ADDRESSES_MAX:
                self._attempts.pop(next(iter(self._attempts)))
            length_ns = self.server.limits.attempts_window_ns
            window = limits.Window(self._attempts_max, length_ns)
            self._attempts[address] = window
        if not window.admit(self.now_ns()):
            return self._refuse()
        del self._strangers[asking.id]
        self._lines[asking.id] = asking
        return None

    def subscribe(self, asking: line.Line, streams: tuple[str, ...]) -> str:
        """Adds streams to a line, all or none; a stream of an unknown symbol stays silent."""
        wanted = dict.fromkeys((*asking.streams, *streams))
        if len(wanted) > self._streams_max:
            return f"More than {self._streams_max} streams."
        for stream in streams:
            if len(stream) > STREAM_LENGTH_MAX or not self._is_stream(stream):
                return f"Invalid request: {stream[:STREAM_LENGTH_MAX]} is no stream."
        asking.streams.update(dict.fromkeys(streams))
        self.rewrap(asking)
        return ""

    def unsubscribe(self, asking: line.Line, streams: tuple[str, ...]) -> None:
        """Takes streams from a line; one that was not subscribed is ignored."""
        for stream in streams:
            asking.streams.pop(stream, None)
        self.rewrap(asking)

    def rewrap(self, asking: line.Line) -> None:
        """Sets the routes of a line anew."""
        self._unroute(asking)
        for stream in asking.streams:
            key = self._key(stream)
            if key is not None:
                wrapping = self.server.wrapping(stream) if asking.combined else BARE
                self._routes.setdefault(key, {}).setdefault(wrapping, []).append(asking)

    def leave(self, leaving: line.Line) -> None:
        """Sends nothing more to a line that is being closed."""
        known = self._lines.pop(leaving.id, None) or self._strangers.pop(leaving.id, None)
        if known is not None:
            self._unroute(leaving)
            self._leaving[leaving.id] = (leaving, self.now_ns())

    def forget(self, gone: line.Line) -> None:
        """Removes a line whose connection is gone."""
        self.leave(gone)
        self._leaving.pop(gone.id, None)

    def count(self, name: str) -> None:
        """Counts one event by name."""
        self.counts[name] += 1

    def listeners(self, message: market.Message) -> Groups:
        """Returns the lines that hear a message, by what stands around its payload."""
        return self._routes.get((message.instrument, message.channel), {})

    def publish(self, groups: Groups, payload: bytes) -> None:
        """Puts one payload on all lines of ``groups``; encoded once per kind of wrapping."""
        for (before, after), lines in groups.items():
            whole = before + payload + after
            frame = frames.encode(whole)
            self.counts["frames"] += len(lines)
            for each in lines:
                each.pending.append(frame)
            if self.sent is not None:
                self.sent.note([each.id for each in lines if each.open], whole)

    def publish_everywhere(self, payload: bytes) -> None:
        """Puts a message on every line as it is: nobody can say whose it is."""
        self.publish({BARE: self.lines}, payload)

    def put(self, to: line.Line, whole: bytes, frame: bytes) -> None:
        """Puts one message on one line, in the frames it is to be sent in."""
        to.pending.append(frame)
        if self.sent is not None and to.open:
            self.sent.note((to.id,), whole)

    def flush(self, now_ns: int) -> None:
        """Writes what is pending on every line; no line is always the first to be served."""
        lines = list(self._lines.values())
        self._turns += 1
        if self._turns % 2:
            lines.reverse()
        for each in lines:
            if each.pending:
                each.flush(now_ns)
            else:
                each.release(now_ns)

    def sweep(self, now_ns: int) -> None:
        """Sends pings, cuts lines whose pong, life, handshake or goodbye is overdue."""
        self._cut_overdue(now_ns)
        settings = self._settings
        for each in list(self._lines.values()):
            if not each.open:
                continue
            oldest_ns = min(each.unanswered.values(), default=now_ns)
            if now_ns - oldest_ns > settings.pong_timeout_ms * 1_000_000:
                self.count("pongTimeouts")
                each.close(line.CLOSE_POLICY, "No pong in time")
            elif now_ns - each.opened_ns >= settings.connection_life_seconds * limits.SECOND_NS:
                self.count("lifeCuts")
                each.close(line.CLOSE_AWAY, "The connection has lived its time")
            elif now_ns - each.pinged_ns >= settings.ping_interval_ms * 1_000_000:
                each.ping(now_ns, b"%d" % (now_ns // 1_000_000))

    def unsent_lines(self) -> int:
        """Returns on how many lines something still waits to go out."""
        return sum(each.unsent_bytes > 0 for each in self._lines.values())

    def close(self) -> None:
        """Says goodbye to every line."""
        for each in [*self._lines.values(), *self._strangers.values()]:
            each.close(line.CLOSE_AWAY, "The twin ends")

    def abort(self) -> None:
        """Cuts whoever has not let go."""
        for each, _ in list(self._leaving.values()):
            each.abort()

    @property
    def empty(self) -> bool:
        """True when no connection is left."""
        return not (self._lines or self._strangers or self._leaving)

    def _cut_overdue(self, now_ns: int) -> None:
        for each, since_ns in list(self._leaving.values()):
            if now_ns - since_ns > LEAVE_NS:
                each.abort()
        for each in list(self._strangers.values()):
            if now_ns - each.opened_ns > HANDSHAKE_NS:
                self.count("handshakeTimeouts")
                each.drop()

    def _is_stream(self, stream: str) -> bool:
        return stream.startswith("!") or self.server.read_stream(stream) is not None

    def _key(self, stream: str) -> Key | None:
        found = self.server.read_stream(stream)
        index = self._indices.get(found[0]) if found else None
        if found is None or index is None or found[1] not in self._settings.channels:
            self.count("unknownStreams")
            return None
        return index, found[1]

    def _unroute(self, gone: line.Line) -> None:
        for key, groups in list(self._routes.items()):
            for wrapping, lines in list(groups.items()):
                if gone in lines:
                    lines.remove(gone)
                if not lines:
                    del groups[wrapping]
            if not groups:
                del self._routes[key]

    def _refuse(self) -> http11.Response:
        self.count("connectionsRefused")
        headers = datastructures.Headers(
            {"Connection": "close", "Content-Length": "0", "Retry-After": "300"}
        )
        return http11.Response(429, "Too Many Requests", headers, b"")
