import pathlib
import ssl

import certificates as made_here
import pytest

from tickwork import errors
from tickwork.unit import certificates
from tickwork.unit.unit import Tls


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Tls:
    return made_here.make(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Tls:
    return made_here.make(tmp_path_factory.mktemp("other"))


def refusal(tls: Tls) -> str:
    with pytest.raises(errors.InputError) as refused:
        certificates.read(tls)
    return str(refused.value)


def test_good_files_are_read(good) -> None:
    pem = certificates.read(good)
    assert b"BEGIN CERTIFICATE" in pem.certificate
    assert b"PRIVATE KEY" in pem.key
    assert b"BEGIN CERTIFICATE" in pem.authority


def test_nothing_below_tls_1_3_is_spoken(good) -> None:
    for context in (certificates.server_context(good), certificates.client_context(good)):
        assert context.minimum_version is ssl.TLSVersion.TLSv1_3
        assert context.verify_mode is ssl.CERT_REQUIRED


def test_an_absent_file_is_named(good, tmp_path) -> None:
    said = refusal(good.model_copy(update={"ca_file": str(tmp_path / "ca.crt")}))
    assert f"{tmp_path}/ca.crt" in said
    assert "No such file" in said


def test_an_expired_certificate_is_named(tmp_path) -> None:
    assert "certificate has expired" in refusal(made_here.make(tmp_path, dates=("-days", "-1")))


def test_a_certificate_of_another_authority_is_refused(good, other) -> None:
    said = refusal(good.model_copy(update={"ca_file": other.ca_file}))
    assert "unable to get local issuer certificate" in said
    assert good.certificate_file in said


def test_a_certificate_of_another_name_is_refused(tmp_path) -> None:
    assert "unit.tickwork" in refusal(made_here.make(tmp_path, name="somebody.else"))


def test_a_key_of_another_certificate_is_refused(good, other) -> None:
    said = refusal(good.model_copy(update={"key_file": other.key_file}))
    assert "key values mismatch" in said


def test_what_is_no_certificate_is_refused(good, tmp_path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("nothing\n")
    assert "Reading the certificate" in refusal(
        good.model_copy(update={"certificate_file": str(wrong)})
    )
    assert "Reading the authority" in refusal(good.model_copy(update={"ca_file": str(wrong)}))


def test_an_unreadable_folder_is_said(good) -> None:
    folder = str(pathlib.Path(good.ca_file).parent)
    assert "Is a directory" in refusal(good.model_copy(update={"key_file": folder}))
