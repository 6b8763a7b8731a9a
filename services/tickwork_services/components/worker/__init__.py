"""A worker of a clock experiment. Not built yet."""
