"""Errors that a user may meet. Each message says what is wrong, in which file, and what to do."""


class ImpastoError(Exception):
    """A failure that the user can act on; the message is one printable line.

    `exit_code` is what the command line exits with: 1 for a failure, 2 for wrong use or input.
    """

    exit_code = 1


class InputError(ImpastoError):
    """A file named by the user cannot be used: missing, damaged, of the wrong kind or too large."""

    exit_code = 2


class SettingError(ImpastoError, ValueError):
    """A setting has a value outside its bounds or contradicts another."""

    exit_code = 2


class OutputError(ImpastoError):
    """The result cannot be written to the place that the user named."""

    exit_code = 2


class ExistsError(OutputError):
    """A file of that name exists, and is not to be replaced."""


class DiskError(OutputError):
    """The disk was full, or failed, while the result was being written."""

    exit_code = 1


class WeightsError(ImpastoError):
    """The weights of a network are missing, damaged or those of another network."""


class DownloadError(WeightsError):
    """Weights could not be downloaded; the message says where to put a copy."""


class MissingExtraError(ImpastoError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f'{feature} needs more packages: pip install "impasto[{extra}]"')


class DeviceError(ImpastoError):
    """The chosen device is absent, or its memory is too small."""


class AbsentDeviceError(DeviceError):
    """This machine has no such device, or no software for it."""

    exit_code = 2
