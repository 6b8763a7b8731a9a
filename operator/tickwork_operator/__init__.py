"""The second executor: Experiments on Kubernetes. Not built yet.

Here, when built: thin handlers, pure objects, pure decisions, one file that talks to the cluster.
Never here: what an experiment measures.
"""
