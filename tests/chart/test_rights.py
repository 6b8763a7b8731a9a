"""What accounts may do, as written; tests/cluster tries it."""

from tickwork_operator import resources

from chart import rendering

READ_ONLY = {"get", "list", "watch"}


def _rules(made: rendering.Objects, name: str, kind: str = "Role") -> list[dict[str, list[str]]]:
    found = [value for key, value in made.items() if key[0] == kind and key[2] == name]
    assert found, f"no {kind} {name}"
    rules: list[dict[str, list[str]]] = found[0]["rules"]
    return rules


def test_no_account_may_do_everything_of_anything(full: rendering.Objects) -> None:
    for (kind, _, name), value in full.items():
        if kind not in {"Role", "ClusterRole"}:
            continue
        for rule in value["rules"]:
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"], name


def test_nobody_reads_secrets_or_enters_pods(full: rendering.Objects) -> None:
    forbidden = {"secrets", "pods/exec", "pods/attach", "pods/portforward", "nodes"}
    escalating = {"escalate", "bind", "impersonate"}
    for (kind, _, name), value in full.items():
        if kind not in {"Role", "ClusterRole"}:
            continue
        for rule in value["rules"]:
            assert not forbidden & set(rule["resources"]), name
            assert not escalating & set(rule["verbs"]), name


def test_the_operator_never_makes_nor_deletes_an_experiment(defaults: rendering.Objects) -> None:
    for rule in _rules(defaults, "tickwork-operator"):
        if rule["resources"] == ["experiments"]:
            assert set(rule["verbs"]) <= READ_ONLY


def test_a_role_stands_in_each_watched_namespace(full: rendering.Objects) -> None:
    homes = {key[1] for key in full if key[0] == "Role" and key[2] == "tickwork-operator"}
    bound = {key[1] for key in full if key[0] == "RoleBinding" and key[2] == "tickwork-operator"}
    assert homes == bound == {"lab", "tickwork"}
    binding = full["RoleBinding", "lab", "tickwork-operator"]
    assert binding["subjects"][0]["namespace"] == "tickwork"


def test_a_cluster_role_is_the_role_and_no_more() -> None:
    made = rendering.render({"watch": {"namespaced": False}})
    wide = _rules(made, "tickwork-tickwork-operator", "ClusterRole")
    assert wide == _rules(rendering.render(), "tickwork-operator") == resources.rules()


def test_the_tests_account_has_its_own_experiment_only(defaults: rendering.Objects) -> None:
    rules = _rules(defaults, "tickwork-test")
    assert {resource for rule in rules for resource in rule["resources"]} == {"experiments"}
    named = [rule for rule in rules if set(rule["verbs"]) != {"create"}]
    assert all(rule["resourceNames"] == ["tickwork-test"] for rule in named)


def test_only_who_calls_the_api_has_a_token(full: rendering.Objects) -> None:
    accounts = [value for key, value in full.items() if key[0] == "ServiceAccount"]
    assert len(accounts) == 3
    assert all(value["automountServiceAccountToken"] is False for value in accounts)
