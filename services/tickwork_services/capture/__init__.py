"""Recorded streams: our format and other people's; read and write.

Here: opening a capture whatever it is packed in (``reading``). Never here: what a line means
(the native auditor tells the forms apart), what its books prove (``tickwork_services.audit``).
"""
