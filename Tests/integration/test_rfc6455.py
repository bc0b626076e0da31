"""RFC 6455 over the hub's own framing, by the byte, against the subprotocol `echo`. The groups are those of Autobahn's suite."""

from __future__ import annotations

import struct

import pytest
from wire import BINARY, CLOSE, CONT, PING, PONG, TEXT, Ended, Raw, RawSocket, close_frame, frame, handshake

SIZES = [0, 1, 125, 126, 127, 128, 65535, 65536]
# "κόσμε", and the first and last code point of each length.
VALID = [
    "κόσμε".encode(), b"\x00", b"\x7f", b"\xc2\x80", b"\xdf\xbf", b"\xe0\xa0\x80", b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbe", b"\xef\xbf\xbf",
    b"\xf0\x90\x80\x80", b"\xf0\x9f\x98\x80", b"\xf4\x8f\xbf\xbf", "Hello-µ@ßöäüàá-UTF-8!!".encode() * 300,
]
INVALID = [
    # alone: continuations, lead bytes, bytes that are never there
    b"\x80", b"\xbf", b"\x80\xbf\x80\xbf", b"\xc0 ", b"\xdf ", b"\xe0 ", b"\xf0 ", b"\xfe", b"\xff", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80",
    # overlong
    b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\xaf", b"\xf0\x8f\xbf\xbf", b"\xf8\x80\x80\x80\xaf", b"\xc0\x80",
    # surrogates, alone and as a pair; beyond U+10FFFF
    b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80",
    # an end in the middle of a character
    b"\xce\xba\xe1\xbd", b"\xf0\x9f\x98", b"a\xc3",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
]


@pytest.fixture(scope="module")
def echo(start):
    hub = start(PINGWATCH_ECHO="1")
    yield hub
    assert [line for line in hub.log if '"error"' in line] == []
    assert hub.stop() == 0


@pytest.fixture
def peer(echo):
    with RawSocket(echo.port, "echo") as peer:
        yield peer
    # Whatever that did, the next one is served.
    with RawSocket(echo.port, "echo") as other:
        other.send(frame(TEXT, b"still there"))
        assert other.message() == (TEXT, b"still there")


def failed_with(peer: RawSocket, code: int | None) -> None:
    assert peer.closing() == code
    assert peer.rest() == b""


def test_the_subprotocol_is_there_when_asked_for_only(echo, hub):
    with RawSocket(echo.port, "echo") as peer:
        assert peer.headers["sec-websocket-protocol"] == "echo"
    # A real hub does not know it: libwebsockets ends the handshake.
    with pytest.raises(Ended):
        RawSocket(hub.port, "echo")


def test_extensions_are_not_agreed_to_and_too_many_are_refused(echo):
    """libwebsockets hangs up where they have more than 254 bytes (Autobahn 13.7), so that the hub refuses them first."""
    for length, expected in [(254, 101), (255, 431), (2000, 431)]:
        with Raw(echo.port) as peer:
            peer.send(handshake(echo.port, "echo", Sec_WebSocket_Extensions="permessage-deflate".ljust(length, "x")))
            status, headers, _ = peer.response()
            assert status == expected and "sec-websocket-extensions" not in headers


# 1: framing


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", SIZES)
def test_a_message_of_each_form_of_length_comes_back(peer, opcode, size):
    payload = b"*" * size
    peer.send(frame(opcode, payload))
    assert peer.message() == (opcode, payload)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [0, 126, 2000])
def test_it_comes_back_when_it_was_sent_byte_by_byte(peer, opcode, size):
    peer.trickle(frame(opcode, b"\xc3\xa4" * (size // 2)))
    assert peer.message() == (opcode, b"\xc3\xa4" * (size // 2))


@pytest.mark.parametrize("chop", [997, 4096])
def test_it_comes_back_when_it_was_sent_in_pieces(peer, chop):
    data = frame(BINARY, bytes(range(256)) * 256)
    for start in range(0, len(data), chop):
        peer.send(data[start:start + chop])
    assert peer.message() == (BINARY, bytes(range(256)) * 256)


def test_a_length_of_more_than_63_bits_is_an_error(peer):
    peer.send(frame(BINARY, b"", length=1 << 63, width=64))
    # libwebsockets ends this without a close frame.
    failed_with(peer, None)


# 2: pings and pongs


@pytest.mark.parametrize("payload", [b"", b"Hello, world!", bytes(range(0, 125)), b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125])
def test_a_ping_is_answered_with_its_payload(peer, payload):
    peer.send(frame(PING, payload))
    assert peer.message() == (PONG, payload)


def test_a_ping_byte_by_byte_is_answered(peer):
    peer.trickle(frame(PING, b"\xfe" * 125))
    assert peer.message() == (PONG, b"\xfe" * 125)


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_a_control_frame_of_more_than_125_bytes_fails(peer, opcode):
    peer.send(frame(opcode, (struct.pack("!H", 1000) if opcode == CLOSE else b"") + b"\x41" * 126))
    # As above.
    failed_with(peer, None)


@pytest.mark.parametrize("payload", [b"", b"unsolicited"])
def test_a_pong_that_nobody_asked_for_is_ignored(peer, payload):
    peer.send(frame(PONG, payload) + frame(PING, b"after"))
    assert peer.message() == (PONG, b"after")


@pytest.mark.parametrize("is_slow", [False, True])
def test_ten_pings_in_a_row(peer, is_slow):
    """libwebsockets has room for one pong, and drops pings that come before it is sent (Autobahn 2.10)."""
    payloads = [b"payload-%d" % index for index in range(10)]
    data = b"".join(frame(PING, payload) for payload in payloads)
    if is_slow:
        peer.trickle(data)
    else:
        peer.send(data)
    peer.send(frame(TEXT, b"behind"))
    # A pong goes out when the socket is next writable, which may be after the answer to what came behind its ping.
    answers = [peer.message(), peer.message()]
    while (TEXT, b"behind") not in answers:
        answers.append(peer.message())
    peer.send(frame(PING, b"after"))
    while answers[-1] != (PONG, b"after"):
        answers.append(peer.message())
    pongs = [payload for opcode, payload in answers if opcode == PONG][:-1]
    # In their order, each once.
    assert pongs and pongs == [payload for payload in payloads if payload in pongs]


# 3: reserved bits


@pytest.mark.parametrize("rsv", range(1, 8))
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG, CLOSE])
def test_reserved_bits_fail(peer, rsv, opcode):
    payload = struct.pack("!H", 1000) if opcode == CLOSE else b"x"
    peer.send(frame(TEXT, b"before") + frame(opcode, payload, rsv=rsv) + frame(PING))
    assert peer.closing() == 1002
    # libwebsockets alone would wait 5 s for an answer that it has no place to read at.
    assert peer.ended_after() < 3


# 4: reserved opcodes


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("payload", [b"", b"reserved"])
def test_reserved_opcodes_fail(peer, opcode, payload):
    peer.send(frame(opcode, payload))
    failed_with(peer, 1002)


# 5: fragments


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_control_frames_have_no_fragments(peer, opcode):
    peer.send(frame(opcode, b"", fin=False) + frame(CONT, b""))
    failed_with(peer, 1002)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("is_slow", [False, True])
def test_fragments_are_one_message(peer, opcode, is_slow):
    data = frame(opcode, b"frag", fin=False) + frame(CONT, b"", fin=False) + frame(CONT, b"ment")
    if is_slow:
        peer.trickle(data)
    else:
        peer.send(data)
    assert peer.message() == (opcode, b"fragment")


def test_empty_fragments_are_an_empty_message(peer):
    peer.send(frame(TEXT, fin=False) + frame(CONT, fin=False) + frame(CONT))
    assert peer.message() == (TEXT, b"")


def test_control_frames_come_between_fragments(peer):
    peer.send(frame(TEXT, b"one ", fin=False) + frame(PING, b"a") + frame(CONT, b"two ", fin=False) + frame(PONG, b"none") + frame(CONT, b"three"))
    assert sorted([peer.message(), peer.message()]) == [(TEXT, b"one two three"), (PONG, b"a")]


@pytest.mark.parametrize("final", [False, True])
def test_a_continuation_of_nothing_fails(peer, final):
    peer.send(frame(CONT, b"of nothing", fin=final) + frame(TEXT, b"x"))
    failed_with(peer, 1002)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_continuation_after_the_end_fails(peer, opcode):
    peer.send(frame(opcode, b"a", fin=False) + frame(CONT, b"b"))
    assert peer.message() == (opcode, b"ab")
    peer.send(frame(CONT, b"c"))
    failed_with(peer, 1002)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_another_message_between_fragments_fails(peer, opcode):
    peer.send(frame(TEXT, b"a", fin=False) + frame(opcode, b"b"))
    failed_with(peer, 1002)


# 6: UTF-8


@pytest.mark.parametrize("payload", VALID, ids=lambda value: value[:8].hex())
def test_valid_text_comes_back_however_it_is_cut(peer, payload):
    peer.send(frame(TEXT, payload))
    assert peer.message() == (TEXT, payload)
    for cut in range(1, min(len(payload), 12)):
        peer.send(frame(TEXT, payload[:cut], fin=False) + frame(CONT, payload[cut:]))
        assert peer.message() == (TEXT, payload)
    peer.send(frame(TEXT, payload[:1], fin=False))
    for index in range(1, min(len(payload), 12)):
        peer.send(frame(CONT, payload[index:index + 1], fin=False))
    peer.send(frame(CONT, payload[min(len(payload), 12):]) if len(payload) > 1 else frame(CONT))
    assert peer.message() == (TEXT, payload)


@pytest.mark.parametrize("payload", INVALID, ids=lambda value: value[:8].hex())
def test_invalid_text_fails(peer, payload):
    peer.send(frame(TEXT, b"fine so far " + payload))
    failed_with(peer, 1007)


@pytest.mark.parametrize("payload", INVALID, ids=lambda value: value[:8].hex())
def test_invalid_text_in_fragments_fails(echo, payload):
    for cut in range(len(payload) + 1):
        with RawSocket(echo.port, "echo") as peer:
            peer.send(frame(TEXT, payload[:cut], fin=False) + frame(CONT, payload[cut:]))
            failed_with(peer, 1007)


@pytest.mark.parametrize("bad", [b"\xff", b"\xed\xa0", b"\xf4\x90", b"\xc0"])
def test_invalid_text_fails_before_the_message_ends(peer, bad):
    peer.send(frame(TEXT, b"so far", fin=False) + frame(CONT, bad, fin=False))
    failed_with(peer, 1007)


@pytest.mark.parametrize("payload", INVALID, ids=lambda value: value[:8].hex())
def test_binary_messages_carry_anything(peer, payload):
    peer.send(frame(BINARY, payload))
    assert peer.message() == (BINARY, payload)


# 7: closing


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
@pytest.mark.parametrize("reason", [b"", b"a reason", "ä".encode() * 61])
def test_a_close_is_answered_and_ends_the_connection(peer, code, reason):
    peer.send(close_frame(code, reason))
    assert peer.closing() == code
    assert peer.rest() == b""


def test_a_close_without_a_code_is_answered(peer):
    peer.send(frame(CLOSE))
    # Without one as well.
    failed_with(peer, 1005)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535])
def test_a_code_that_must_not_be_sent_is_an_error(peer, code):
    """Those from 5000 on libwebsockets gives back; section 7.4.2 does not say what is to be done (Autobahn 7.13)."""
    peer.send(close_frame(code))
    failed_with(peer, code if code >= 5000 else 1002)


def test_a_close_of_one_byte_is_an_error(peer):
    peer.send(frame(CLOSE, b"a"))
    assert peer.closing() == 1002
    assert peer.rest() == b""


@pytest.mark.parametrize("reason", [b"\xff", b"\xce\xba\xe1\xbd", b"\xed\xa0\x80"])
def test_a_reason_that_is_not_utf8_is_an_error(peer, reason):
    """libwebsockets ends it without a close frame; one that ends within a character it does not notice."""
    peer.send(close_frame(1000, reason))
    failed_with(peer, 1000 if reason == b"\xce\xba\xe1\xbd" else None)


def test_nothing_is_answered_after_a_close(peer):
    peer.send(close_frame(1000) + frame(TEXT, b"late") + frame(PING, b"late"))
    assert peer.closing() == 1000
    assert peer.rest() == b""


def test_a_message_before_the_close_is_not_needed_any_more(peer):
    """Section 5.5.1 lets an endpoint finish first, or not."""
    peer.send(frame(TEXT, b"x" * 1000, fin=False) + close_frame(1000))
    assert peer.closing() == 1000


# 9: sizes


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [1 << 16, 1 << 20, (1 << 20) + 1, 4 << 20, 16 << 20])
def test_large_messages_come_back(peer, opcode, size):
    peer.send(frame(opcode, b"*" * size))
    assert peer.message() == (opcode, b"*" * size)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("piece", [64, 1024, 65536])
def test_large_messages_come_back_from_fragments(peer, opcode, piece):
    size = 4 << 20
    count = size // piece
    peer.send(b"".join(frame(opcode if index == 0 else CONT, b"*" * piece, fin=index == count - 1) for index in range(count)))
    assert peer.message() == (opcode, b"*" * size)


def test_a_message_over_the_limit_fails_at_its_head(peer):
    peer.send(frame(BINARY, b"x" * 10, length=(16 << 20) + 1))
    # What follows would be payload: the connection ends without an answer.
    assert peer.closing() == 1009


@pytest.mark.parametrize("length", [(1 << 63) - 1, (1 << 63) - 2, 1 << 62, (1 << 31) + 1])
def test_a_fragment_of_absurd_length_fails_at_its_head(peer, length):
    peer.send(frame(BINARY, b"xy", fin=False) + frame(CONT, b"x", length=length, width=64))
    assert peer.closing() == 1009


# 10: many


def test_messages_of_one_byte_in_a_row_come_back_in_order(peer):
    payloads = [b"%d" % index for index in range(2000)]
    peer.send(b"".join(frame(TEXT, payload) for payload in payloads))
    assert [peer.message() for _ in payloads] == [(TEXT, payload) for payload in payloads]


@pytest.mark.parametrize("size", [64 << 10, 1 << 20])
def test_text_in_fragments_of_odd_sizes_comes_back(peer, size):
    """Section 5.4: whoever sends may cut anywhere, also within a character."""
    payload = "aä€😀".encode() * (size // 10)
    pieces = [payload[start:start + 1300] for start in range(0, len(payload), 1300)]
    peer.send(b"".join(frame(CONT if index else TEXT, piece, fin=index == len(pieces) - 1) for index, piece in enumerate(pieces)))
    assert peer.message() == (TEXT, payload)
