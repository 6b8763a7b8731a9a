"""Control between machines: certificates on both sides, and who is refused."""

import asyncio
import json
import pathlib
import subprocess
import sys

import certificates
import grpc
import pytest
from ports import free_port
from tickwork_proto.v1 import control_pb2 as messages
from tickwork_proto.v1 import control_pb2_grpc as service

from tickwork import errors
from tickwork.conductor import channel
from tickwork.unit import unit as units

PROGRAM = pathlib.Path(__file__).with_name("idle_unit.py")


class Secured:
    """One unit's process that listens on tcp with ``tls``, and counts its starts in a file."""

    def __init__(self, root: pathlib.Path, tls: units.Tls) -> None:
        self.target = f"127.0.0.1:{free_port()}"
        self.metrics = f"127.0.0.1:{free_port()}"
        self.log = root / "log.jsonl"
        unit = units.Unit(
            run="run",
            experiment="experiment",
            arm="main",
            group="group",
            name="idle",
            control=self.target,
            metrics=self.metrics,
            output_directory=str(root / "out"),
            segment_directory=str(root / "segments"),
            tls=tls,
            wait="park",
            components=(units.ComponentSpec(name="idle", component="idle", settings={}),),
        )
        self.file = root / "unit.json"
        self.file.write_text(unit.model_dump_json(by_alias=True))
        self.counted = root / "out" / "incarnation"
        self.child = self.spawn()

    def spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, PROGRAM, self.file, "--incarnation-file", self.counted],
                start_new_session=True,
                stderr=log,
            )

    def restart(self) -> None:
        self.close()
        self.child = self.spawn()

    def close(self) -> None:
        self.child.kill()
        self.child.wait(timeout=10)


@pytest.fixture(scope="module")
def tls(tmp_path_factory) -> units.Tls:
    return certificates.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secured(tmp_path, tls):
    unit = Secured(tmp_path, tls)
    yield unit
    unit.close()


async def describe(target: str, tls: units.Tls | None) -> messages.Description:
    made = channel.UnitChannel("group/idle", target, tls)
    try:
        for _ in range(20):
            try:
                return await made.describe()
            except channel.AwayError:
                continue
        raise AssertionError("no answer in time")
    finally:
        await made.close()


def test_control_answers_whom_the_authority_knows(secured, tls) -> None:
    said = asyncio.run(describe(secured.target, tls))
    assert (said.unit, said.incarnation) == ("group/idle", 1)
    secured.restart()
    assert asyncio.run(describe(secured.target, tls)).incarnation == 2
    assert secured.counted.read_text() == "2\n"


def test_control_refuses_plaintext(secured, tls) -> None:
    asyncio.run(describe(secured.target, tls))
    with grpc.insecure_channel(secured.target) as plain, pytest.raises(grpc.RpcError) as refused:
        service.ControlStub(plain).Describe(messages.DescribeRequest(), timeout=5)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_control_refuses_who_has_no_certificate(secured, tls) -> None:
    asyncio.run(describe(secured.target, tls))
    authority = pathlib.Path(tls.ca_file).read_bytes()
    named = (("grpc.ssl_target_name_override", units.SERVER_NAME),)
    credentials = grpc.ssl_channel_credentials(authority)
    bare = grpc.secure_channel(secured.target, credentials, named)
    with bare, pytest.raises(grpc.RpcError) as refused:
        service.ControlStub(bare).Describe(messages.DescribeRequest(), timeout=5)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_control_refuses_a_certificate_of_another_authority(secured, tls, tmp_path) -> None:
    asyncio.run(describe(secured.target, tls))
    stranger = certificates.make(tmp_path / "stranger")
    said = asyncio.run(channel.diagnose(secured.target, stranger))
    assert "unable to get local issuer certificate" in said
    mixed = stranger.model_copy(update={"ca_file": tls.ca_file})
    with pytest.raises(errors.InputError, match="issuer"):
        channel.UnitChannel("group/idle", secured.target, mixed)


def test_an_expired_certificate_ends_the_unit_with_a_sentence(tmp_path) -> None:
    unit = Secured(tmp_path, certificates.make(tmp_path / "old", dates=("-days", "-1")))
    try:
        assert unit.child.wait(timeout=30) == errors.InputError.exit_code
    finally:
        unit.close()
    [said] = [json.loads(line) for line in unit.log.read_text().splitlines()]
    assert said["event"] == "failed"
    assert "certificate has expired" in said["text"]
    assert "Renew the secret" in said["remedy"]
