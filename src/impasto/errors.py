"""The errors a user can meet. Each message says what is wrong, with what, and what to do."""


class ImpastoError(Exception):
    """Something failed that the user can act on; the message is one line, fit to print.

    `exit_code` is what the command line exits with: 1 for a failure, 2 for wrong use or input.
    """

    exit_code = 1


class InputError(ImpastoError):
    """A file that the user named cannot be used: missing, broken, of the wrong kind, too large."""

    exit_code = 2


class SettingError(ImpastoError, ValueError):
    """A setting has a value outside its bounds or contradicts another."""

    exit_code = 2


class OutputError(ImpastoError):
    """The result cannot be written where the user asked for it."""

    exit_code = 2


class DiskError(OutputError):
    """The disk failed while the result was written: it is full, or reports an error."""

    exit_code = 1


class WeightsError(ImpastoError):
    """A network's weights are missing, broken or of another network."""


class DownloadError(WeightsError):
    """Weights could not be fetched; the message ends with where to put a copy."""


class MissingExtraError(ImpastoError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f'{feature} needs more than the core: pip install "impasto[{extra}]"')


class DeviceError(ImpastoError):
    """The device asked for is absent or its memory does not suffice."""


class AbsentDeviceError(DeviceError):
    """This machine, or the software on it, has no such device."""

    exit_code = 2
