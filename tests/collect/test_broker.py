"""Brokers: who is let in, who may say and hear what, and what happens when one dies. Real Mosquitto, real amqtt."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from collect.talker import POD_A, POD_B, Talker
from strideload.collect import broker as brokers
from strideload.collect import mosquitto as mosquitto_module
from strideload.collect.address import Address, refusal
from strideload.collect.broker import Broker, start_broker
from strideload.collect.certificates import own_names
from strideload.collect.errors import BrokerError
from strideload.collect.mosquitto import Mosquitto
from strideload.settings import BrokerSection, Settings
from support import tools
from support.ports import free_port
from support.waiting import until


def as_pod(broker: Broker, pod: str, password: str) -> Address:
    return Address(broker.address.host, broker.address.port, pod, password)


def test_only_known_users_with_their_password_are_let_in(broker: Broker) -> None:
    password = broker.add_pod(POD_A)
    host, port = broker.address.host, broker.address.port
    assert refusal(broker.address) is None
    assert refusal(as_pod(broker, POD_A, password)) is None
    for user, wrong in ((None, None), (POD_A, "wrong"), (POD_A, None), (POD_B, password), ("host", password)):
        assert refusal(Address(host, port, user, wrong)) is not None


def test_a_pod_reaches_its_own_topics_and_no_others(broker: Broker, stack: ExitStack) -> None:
    """The host hears what a pod says as itself; nobody hears what it says as another."""
    own_ack, other_ack = f"strideload/pod/{POD_A}/ack", f"strideload/pod/{POD_B}/ack"
    own_address = as_pod(broker, POD_A, broker.add_pod(POD_A))
    other_address = as_pod(broker, POD_B, broker.add_pod(POD_B))
    host = stack.enter_context(Talker(broker.address, ("strideload/#",)))
    own = stack.enter_context(Talker(own_address, (own_ack,)))
    other = stack.enter_context(
        Talker(other_address, (own_ack, "strideload/pod/+/ack", "strideload/#", other_ack))
    )
    for leaf in ("pages", "state", "live", "online"):
        # Mosquitto 2.0.11 hangs up on who publishes what it may not.
        with Talker(other_address) as forger, suppress(RuntimeError):
            forger.publish(f"strideload/pod/{POD_A}/{leaf}", b"forged")
        own.publish(f"strideload/pod/{POD_A}/{leaf}", b"own")
    with Talker(other_address) as forger, suppress(RuntimeError):
        forger.publish(other_ack, b"forged")
    host.publish(own_ack, b"to A")
    host.publish(other_ack, b"to B")
    until(lambda: other.heard and own.heard and (other_ack, b"to B") in host.heard)
    assert other.heard == [(other_ack, b"to B")]
    assert own.heard == [(own_ack, b"to A")]
    assert {payload for _, payload in host.heard} == {b"own", b"to A", b"to B"}


def test_a_removed_pod_is_let_in_no_more(broker: Broker) -> None:
    address = as_pod(broker, POD_A, broker.add_pod(POD_A))
    assert refusal(address) is None
    broker.remove_pod(POD_A)
    until(lambda: refusal(address) is not None)


def test_a_new_password_replaces_the_old_one(broker: Broker) -> None:
    first = broker.add_pod(POD_A)
    second = broker.add_pod(POD_A)
    assert refusal(as_pod(broker, POD_A, second)) is None
    assert refusal(as_pod(broker, POD_A, first)) is not None


@pytest.mark.parametrize("name", ["", "host", "00000000000000AA", "+", "00000000000000aa:x\nhost"])
def test_only_a_pods_id_becomes_a_user(broker: Broker, name: str) -> None:
    with pytest.raises(BrokerError, match="16 hex digits"):
        broker.add_pod(name)


def test_the_folder_is_closed_to_others_and_holds_no_pods_password(broker: Broker, tmp_path: Path) -> None:
    password = broker.add_pod(POD_A)
    folder = tmp_path / "broker"
    assert folder.stat().st_mode & 0o777 == 0o700
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
        assert password.encode() not in file.read_bytes()


def test_nothing_listens_beyond_this_computer_unless_asked(broker: Broker) -> None:
    others = [name for name in own_names() if name[0].isdigit() and name != broker.address.host]
    for address in others:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            assert probe.connect_ex((address, broker.address.port)) != 0, address
    assert broker.lan_port is None
    assert broker.ca_file is None


def test_on_the_network_it_speaks_tls_only_and_the_authority_vouches_for_it(
    tmp_path: Path, stack: ExitStack
) -> None:
    tools.program("mosquitto")
    broker = stack.enter_context(Mosquitto(tmp_path / "a b", free_port(), lan_port=free_port()).start())
    password = broker.add_pod(POD_A)
    assert broker.lan_port is not None

    def lan(ca_file: Path | None, host: str = "localhost") -> str | None:
        return refusal(Address(host, broker.lan_port or 0, POD_A, password, ca_file))

    other = stack.enter_context(Mosquitto(tmp_path / "other", free_port(), lan_port=free_port()).start())
    assert lan(broker.ca_file) is None
    assert lan(broker.ca_file, "127.0.0.1") is None
    assert "certificate verify failed" in str(lan(other.ca_file))
    assert lan(None) is not None  # no plain listener there
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.get_server_certificate(("127.0.0.1", broker.lan_port), ca_certs=str(other.ca_file))
    for key in ("ca.key", "server.key"):
        assert (broker.folder / key).stat().st_mode & 0o777 == 0o600


def test_amqtt_is_never_on_the_network(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, broker=BrokerSection(managed="amqtt"))
    with pytest.raises(BrokerError, match="need Mosquitto"):
        start_broker(settings, tmp_path / "broker", lan=True)


def test_a_killed_mosquitto_comes_back_on_the_same_port(mosquitto: Mosquitto) -> None:
    password = mosquitto.add_pod(POD_A)
    first = mosquitto.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: mosquitto.pid != first and refusal(as_pod(mosquitto, POD_A, password)) is None)
    assert mosquitto.alive()
    assert mosquitto.restarts == 1


def gone(pid: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child to its parent")
def test_mosquitto_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    tools.program("mosquitto")
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom strideload.collect.mosquitto import Mosquitto\n"
        f"broker = Mosquitto(Path({str(tmp_path / 'broker')!r}), {free_port()}).start()\n"
        "print(broker.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not gone(child)
    finally:
        parent.kill()
        parent.communicate()
    until(lambda: gone(child))


def test_a_stopped_broker_leaves_no_process_and_keeps_what_is_retained(tmp_path: Path) -> None:
    tools.program("mosquitto")
    port = free_port()
    topic = f"strideload/pod/{POD_A}/state"
    with Mosquitto(tmp_path, port).start() as first:
        pid = first.pid
        with Talker(first.address) as host:
            host.publish(topic, b"{}", retain=True)
    assert pid is not None
    assert gone(pid)
    assert not first.alive()
    with Mosquitto(tmp_path, port).start() as second, Talker(second.address, (topic,)) as host:
        until(lambda: host.heard == [(topic, b"{}")])


def test_a_start_that_fails_says_so_with_mosquittos_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.program("mosquitto")
    monkeypatch.setattr(mosquitto_module, "rights", lambda _home: "nonsense\n")
    broker = Mosquitto(tmp_path, free_port())
    with pytest.raises(BrokerError, match="rights") as caught:
        broker.start()
    assert caught.value.lines
    until(lambda: not broker.alive())


def test_a_taken_port_is_told_at_once(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=f"port {mosquitto.address.port}: Address already in use"):
        Mosquitto(tmp_path / "second", mosquitto.address.port).start()


@pytest.mark.parametrize("kind", ["auto", "mosquitto", "amqtt"])
def test_the_settings_choose_and_the_port_is_kept(tmp_path: Path, kind: str) -> None:
    tools.program("mosquitto")
    settings = Settings.model_validate({"folder": tmp_path, "broker": {"managed": kind}})
    ports = []
    for _ in range(2):
        with start_broker(settings, tmp_path / "broker") as broker:
            assert broker.kind == ("amqtt" if kind == "amqtt" else "mosquitto")
            assert refusal(broker.address) is None
            ports.append(broker.address.port)
    assert ports[0] == ports[1]


def test_without_mosquitto_amqtt_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers.mosquitto, "program", lambda: None)
    with start_broker(Settings(folder=tmp_path), tmp_path / "broker") as broker:
        assert broker.kind == "amqtt"
    with pytest.raises(BrokerError, match="Mosquitto is not installed"):
        start_broker(
            Settings(folder=tmp_path, broker=BrokerSection(managed="mosquitto")), tmp_path / "broker"
        )


def test_the_users_own_broker_is_used_and_left_alone(mosquitto: Mosquitto, tmp_path: Path) -> None:
    address = mosquitto.address
    (tmp_path / "password").write_text(f"{address.password}\n", encoding="utf-8")
    own = BrokerSection(
        host=address.host, port=address.port, user="host", password_file=tmp_path / "password"
    )
    with start_broker(Settings(folder=tmp_path, broker=own), tmp_path / "unused") as broker:
        assert (broker.kind, broker.address, broker.alive()) == ("own", address, True)
        with pytest.raises(BrokerError, match="your own broker"):
            broker.add_pod(POD_A)
    assert mosquitto.alive()
    assert not (tmp_path / "unused").exists()


def test_no_address_shows_its_password(mosquitto: Mosquitto) -> None:
    assert mosquitto.address.password is not None
    assert mosquitto.address.password not in repr(mosquitto.address)


def test_a_broker_that_is_not_there_is_said_to_refuse() -> None:
    assert "refused" in str(refusal(Address("127.0.0.1", free_port())))
