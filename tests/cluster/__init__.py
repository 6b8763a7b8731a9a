"""Tests on a real cluster, the one of KUBECONFIG; each makes and removes namespaces of its own.

Here: whatever only an API server, a kubelet or a network can show. Never here: what a pure function
decides (tests/unit), what a tool says of a file (tests/chart).
"""
