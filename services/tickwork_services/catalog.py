"""Component name to class: the one table."""
