"""What the custody room refuses."""

from apps.core.errors import DomainError


class RecordRefused(DomainError):
    """What is to be recorded does not fit the closed schema of custody events."""

    code = "custody-record-refused"


class ImpossibleStep(DomainError):
    """The record says already what makes this impossible, as a handover of goods that were handed over."""

    code = "custody-impossible-step"
    status = 409


class DeviceForked(DomainError):
    """A device said two things under one running number: a copy of it speaks, or it was set back."""

    code = "custody-device-forked"
    status = 409


class LogKeyMissing(DomainError):
    """This process can't sign for the log: the key that its checkpoints are signed with is not here."""

    code = "log-key-missing"
    status = 503


class LogDamaged(DomainError):
    """What is stored contradicts the log's signature: nothing more is signed until somebody has looked."""

    code = "log-damaged"
    status = 500


class NothingSigned(DomainError):
    """A log without a head has nothing that its key could vouch for."""

    code = "nothing-signed"
    status = 409


class ExportFailed(DomainError):
    """No bundle could be made that proves itself."""

    code = "export-failed"


class ExportCancelled(DomainError):
    """Somebody asked for the export to stop."""

    code = "export-cancelled"
    status = 409


class UnknownExport(DomainError):
    """There is no such finished export here."""

    code = "unknown-export"
    status = 404
