"""What to do next, from spec, observed state and now; pure. Not built yet."""
