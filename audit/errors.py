"""What can be wrong with the log itself. None of these is a person's mistake."""


class AuditError(Exception):
    """Root of this room's errors."""


class LeafError(AuditError, ValueError):
    """The data cannot be a leaf; the text names the place and the reason."""


class ProofError(AuditError):
    """An inclusion or consistency proof does not prove its claim."""


class NoteError(AuditError, ValueError):
    """Not a signed note, or one that no known key signed."""


class KeyFileError(AuditError):
    """The log's key file cannot be used; the text says what to do."""


class LogCorrupt(AuditError):
    """The stored log is not the log that was signed. Nothing is signed until a person decides."""
