"""The kind ``route``: one event over several paths, paired event by event. Not built yet."""
