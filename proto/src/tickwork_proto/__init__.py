"""Messages and services of Tickwork, generated from ``proto/tickwork``; nothing is written by hand."""
