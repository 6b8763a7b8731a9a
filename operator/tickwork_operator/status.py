"""The status of an Experiment, computed from what was observed; pure. Not built yet."""
