"""The kind ``echo``: echo servers under an open-loop load generator. Not built yet."""
