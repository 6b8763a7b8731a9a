"""The way to the API server, and what it answers."""

import asyncio
import base64
import json

import pytest
import yaml
from aiohttp import web
from tickwork_operator import cluster, resources, telemetry

from tickwork import errors


def kubeconfig(path, server, user):
    whole = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": server}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(whole))
    return path


@pytest.fixture
def outside(monkeypatch, tmp_path):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def test_kubeconfig_with_files_and_a_token_that_changes(outside):
    token = outside.parent / "token"
    token.write_text("one\n")
    server = {"server": "https://api:6443/", "certificate-authority": "ca.crt"}
    kubeconfig(outside, server, {"tokenFile": "token"})
    login = cluster.Login()
    assert login.access() == cluster.Access(
        "https://api:6443", str(outside.parent / "ca.crt"), None, None, True, "Bearer one"
    )
    token.write_text("two\n")
    assert login.access().authorization == "Bearer two"


def test_certificates_inside_a_kubeconfig_become_private_files(outside):
    data = base64.b64encode(b"PEM").decode()
    user = {"client-certificate-data": data, "client-key-data": data}
    kubeconfig(outside, {"server": "https://api", "certificate-authority-data": data}, user)
    access = cluster.Login().access()
    assert access.authorization is None
    for name in (access.ca_file, access.certificate_file, access.key_file):
        assert name is not None


def test_service_account_of_a_pod(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr(cluster, "SERVICE_ACCOUNT", tmp_path)
    (tmp_path / "token").write_text("t")
    access = cluster.Login().access()
    assert access.server == "https://[fd00::1]:443"
    assert access.authorization == "Bearer t"


@pytest.mark.parametrize("user", [None, {"exec": {"command": "aws"}}])
def test_no_way_in_is_a_sentence(outside, user):
    if user is not None:
        kubeconfig(outside, {"server": "https://api"}, user)
    with pytest.raises(errors.MissingError, match="KUBECONFIG"):
        cluster.Login()


def ask(outside, handler, question):
    """Asks ``question`` of a client whose API server answers by ``handler``."""

    async def scenario():
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        kubeconfig(outside, {"server": f"http://127.0.0.1:{port}"}, {"token": "t"})
        api = cluster.Cluster(cluster.Login(), telemetry.Metrics("0"))
        try:
            return await question(api)
        finally:
            await api.close()
            await runner.cleanup()

    return asyncio.run(scenario())


def test_listing_asks_for_metadata_page_by_page(outside):
    asked = []

    async def answer(request):
        asked.append(request)
        more = "" if "continue" in request.query else "next"
        item = {"metadata": {"name": f"p{len(asked)}", "managedFields": []}}
        items = [item] if more else None
        return web.json_response({"metadata": {"continue": more}, "items": items})

    found = ask(outside, answer, lambda api: api.list_metadata(resources.KINDS["Pod"], "n", "a=b"))
    assert [each["metadata"] for each in found] == [{"name": "p1"}]
    assert found[0]["kind"] == "Pod"
    assert "PartialObjectMetadataList" in asked[0].headers["Accept"]
    assert asked[0].query["labelSelector"] == "a=b"
    assert asked[0].path == "/api/v1/namespaces/n/pods"
    assert asked[0].headers["Authorization"] == "Bearer t"


def test_status_is_applied_to_this_uid_and_by_our_name(outside):
    asked = []

    async def answer(request):
        asked.append((request, json.loads(await request.text())))
        return web.json_response({"kind": "Experiment", "metadata": {"managedFields": []}})

    experiment = {"metadata": {"name": "demo", "namespace": "n", "uid": "u1"}}
    ask(outside, answer, lambda api: api.apply_status(experiment, {"phase": "Planned"}))
    request, body = asked[0]
    assert request.path.endswith("/namespaces/n/experiments/demo/status")
    assert request.query["fieldManager"] == "tickwork-operator"
    assert request.headers["Content-Type"].startswith("application/apply-patch")
    assert body["metadata"]["uid"] == "u1"
    assert body["status"] == {"phase": "Planned"}


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (409, {"reason": "AlreadyExists", "message": "there"}, "AlreadyExists"),
        (
            403,
            {"reason": "Forbidden", "details": {"causes": [{"reason": "NamespaceTerminating"}]}},
            "NamespaceTerminating",
        ),
        (200, [1], "NotJson"),
    ],
)
def test_answers_that_are_none_are_errors_with_the_reason(outside, status, body, reason):
    async def answer(_request):
        return web.json_response(body, status=status)

    pod = {"kind": "Pod", "metadata": {"name": "p", "namespace": "n"}}
    with pytest.raises(errors.ClusterError) as caught:
        ask(outside, answer, lambda api: api.create(pod))
    assert (caught.value.status, caught.value.reason) == (status, reason)


def test_nobody_there_is_an_error_too(outside):
    kubeconfig(outside, {"server": "http://127.0.0.1:9"}, {"token": "t"})

    async def scenario():
        api = cluster.Cluster(cluster.Login(), telemetry.Metrics("0"))
        try:
            await api.read("Pod", "n", "p")
        finally:
            await api.close()

    with pytest.raises(errors.ClusterError) as caught:
        asyncio.run(scenario())
    assert (caught.value.status, caught.value.reason) == (0, "Unreachable")
