"""The chart and k8s/: what Helm and kustomize make of them, and what checkers say to it.

Here: tests that need helm, kubectl, kubeconform or checkov on the PATH and no cluster; `make chart`
runs them. Never here: a cluster (tests/cluster), or what can be read without a tool
(tests/architecture).
"""
