"""An open-loop load generator. Not built yet: it comes with the kind ``echo``."""
