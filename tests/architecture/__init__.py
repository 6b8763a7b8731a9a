"""The house's own tests: mirror, tables, sizes, words, pages."""
