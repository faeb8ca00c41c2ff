"""What `signaling/aiortc_engine.py` relies on in aiortc and aioice beyond their public interface.

When an upgrade breaks one of these, read the new source before touching the engine.
"""

import ast
import asyncio
import importlib.metadata
import inspect
import itertools
from pathlib import Path

import aioice.ice
import pylibsrtp
import pytest
from aiortc import RTCDtlsTransport, RTCIceGatherer, RTCIceTransport, rtcdtlstransport
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcdtlstransport import RTCCertificate, State

from signaling.inbox import INBOX
from signaling.srtp import Opener, Sealer

PEER = ("127.0.0.1", 9)
ENGINE = Path(__file__).resolve().parents[2] / "signaling" / "aiortc_engine.py"
PRIVATE = {
    # aiortc.RTCDtlsTransport
    "_handle_rtp_data",
    "_handle_rtcp_data",
    "_rx_srtp",
    "_tx_srtp",
    "_set_role",
    "_state",
    "_task",
    # aiortc.RTCIceGatherer, RTCIceTransport; aioice.Connection
    "_connection",
    "_local_candidates",
    "_local_candidates_start",
    "_local_candidates_end",
    "_nominated",
    "_protocols",
    "_queue",
}


def test_versions_are_those_that_were_read() -> None:
    assert importlib.metadata.version("aiortc").startswith("1.16.")
    assert importlib.metadata.version("aioice").startswith("0.13.")


def test_the_engine_uses_no_other_private_name() -> None:
    tree = ast.parse(ENGINE.read_text())
    own = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    defined = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    foreign = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }
    inherited = own & PRIVATE
    assert foreign | inherited <= PRIVATE | defined | own
    assert foreign - defined <= PRIVATE
    assert foreign | own >= PRIVATE


def dtls() -> RTCDtlsTransport:
    ice = RTCIceTransport(RTCIceGatherer(iceServers=[]))
    return RTCDtlsTransport(ice, [RTCCertificate.generateCertificate()])


async def test_dtls_transport_has_what_is_read_and_replaced() -> None:
    transport = dtls()
    assert transport._state is State.NEW
    assert transport._task is None
    assert transport._rx_srtp is None
    assert transport._tx_srtp is None
    transport._set_role("server")
    assert transport._role == "server"
    assert inspect.iscoroutinefunction(transport._handle_rtcp_data)
    names = inspect.signature(transport._handle_rtp_data).parameters
    assert list(names) == ["data", "arrival_time_ms"]
    assert {"NEW", "CONNECTING", "CONNECTED", "CLOSED", "FAILED"} == set(State.__members__)


def test_decrypted_bytes_go_through_the_two_methods_we_replace() -> None:
    source = inspect.getsource(RTCDtlsTransport._recv_next)
    assert "await self._handle_rtcp_data(data)" in source
    assert "await self._handle_rtp_data(data, arrival_time_ms=arrival_time_ms)" in source


def test_the_pump_is_a_task_and_states_are_announced() -> None:
    source = inspect.getsource(RTCDtlsTransport.start)
    assert "self._task = asyncio.ensure_future(" in source
    assert 'self.emit("statechange")' in inspect.getsource(RTCDtlsTransport._set_state)


def test_the_handshake_prefers_gcm() -> None:
    first = rtcdtlstransport.SRTP_PROFILES[0]
    assert first.openssl_profile == b"SRTP_AEAD_AES_256_GCM"


async def test_ice_transport_takes_the_connection_of_its_gatherer() -> None:
    gatherer = RTCIceGatherer(iceServers=[])
    replacement = aioice.ice.Connection(ice_controlling=False)
    gatherer._connection = replacement
    transport = RTCIceTransport(gatherer)
    assert transport._connection is replacement
    assert transport._recv == replacement.recv
    assert transport._send == replacement.send


async def test_ice_connection_has_the_fields_that_gathering_fills() -> None:
    connection = aioice.ice.Connection(ice_controlling=False)
    assert connection._local_candidates == []
    assert connection._protocols == []
    assert connection._local_candidates_start is connection._local_candidates_end is False
    assert connection._nominated == {}
    assert connection._queue.qsize() == 0
    source = inspect.getsource(aioice.ice.Connection.gather_candidates)
    assert "self._local_candidates_start = True" in source
    assert "self._local_candidates_end = True" in source


async def test_ice_connects_without_any_remote_candidate() -> None:
    """The peer is learned from its checks: `connect` must wait for them."""
    connection = aioice.ice.Connection(ice_controlling=False)
    await connection.gather_candidates()
    connection.remote_username, connection.remote_password = "user", "p" * 22
    task = asyncio.create_task(connection.connect())
    await asyncio.sleep(0)
    assert not task.done()
    await connection.close()
    with pytest.raises(ConnectionError):
        await task


def test_datagrams_that_are_not_stun_reach_the_protocol_class() -> None:
    assert list(inspect.signature(aioice.ice.StunProtocol.datagram_received).parameters) == [
        "self",
        "data",
        "addr",
    ]
    assert "self.receiver.data_received(" in inspect.getsource(
        aioice.ice.StunProtocol.datagram_received
    )


def test_estimator_tells_estimate_and_first_decrease() -> None:
    estimator = RemoteBitrateEstimator()
    assert estimator.rate_control.near_max is False
    estimates = [
        estimator.add(1000 + at, (at << 18) // 1000 & 0xFFFFFF, 1200, 7)
        for at in range(0, 5000, 10)
    ]
    found = [item for item in estimates if item is not None]
    assert found
    assert all(isinstance(item[0], int) for item in found)
    assert "near_max = True" in inspect.getsource(type(estimator.rate_control).update)


def test_srtp_sessions_can_be_called_in_place() -> None:
    """`signaling/srtp.py` calls libsrtp through pylibsrtp's own binding."""
    key = bytes(range(44))
    profile = pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM
    out = pylibsrtp.Session(
        pylibsrtp.Policy(key, pylibsrtp.Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile)
    )
    back = pylibsrtp.Session(
        pylibsrtp.Policy(key, pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
    )
    packet = b"\x80\x60\x00\x01" + bytes(8) + b"picture"
    compound = b"\x80\xc9\x00\x01\x00\x00\x00\x01"
    sent: list[list[bytes]] = []

    class Line:
        def send_burst(self, data: memoryview, sizes: list[int], address: object) -> None:
            ends = list(itertools.accumulate(sizes, initial=0))
            assert ends[-1] == len(data)
            sent.append([bytes(data[at:end]) for at, end in itertools.pairwise(ends)])

        dropped = 0

        def send(self, data: memoryview, addr: object) -> None:
            sent.append([bytes(data)])

    sealer, opener = Sealer(out), Opener(back)

    def clear(data: bytes) -> bytes | None:
        INBOX.put(data, PEER)
        return opener.rtp(INBOX, 0)

    sealer.rtp([packet])
    sealer.one(packet)
    assert sent == []
    sealer.line = Line()
    packets = [packet, packet.replace(b"\0\1", b"\0\2", 1) + b"s"]
    sealer.rtp(packets)
    sealer.rtcp(compound)
    together, (report,) = sent
    assert [clear(item) for item in together] == packets
    INBOX.put(report, PEER)
    assert opener.rtcp(INBOX, 0) == compound
    assert clear(together[0]) is None, "a repeated packet"
    sealer.rtp([b"\x80"])
    sealer.one(b"\x80")
    assert sealer.lost == 2
    sealer.one(packet.replace(b"\0\1", b"\0\3", 1))
    assert clear(sent.pop()[0]) == packet.replace(b"\0\1", b"\0\3", 1)
    large = [packet[:2] + bytes([1, at]) + packet[4:] + bytes(1400) for at in range(60)]
    sealer.rtp(large)
    assert [clear(item) for items in sent[2:] for item in items] == large
    assert len(sent) == 5, "as many as the memory holds leave together"
