"""Recorder: every frame that a forwarder received, into one compressed file a stretch.

Here: the component that reads the forwarder's tap. Never here: the form of a recording
(``capture``), what a frame means, any way to make the forwarder wait.
"""
