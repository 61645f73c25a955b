"""How a server is started, and the bounds of what it does for a request.

`impasto web` has its defaults from here, so this module imports neither NumPy nor what serves.
"""

from dataclasses import dataclass, field

from impasto.errors import SettingError
from impasto.settings import PaintSettings
from impasto.system import cores


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The bounds of every request.

    Attributes:
        megapixels: largest size of a picture that is sent, and of a painting.
        megabytes: largest size of the body of a request.
        workers: number of paintings at a time.
        waiting: largest number of paintings in the queue, besides those in progress.
        kept: largest number of finished paintings to keep; the oldest are removed first.
        keep_seconds: how long a finished painting is kept.
    """

    megapixels: float = 64
    megabytes: float = 100
    workers: int = 1
    waiting: int = 8
    kept: int = 64
    keep_seconds: float = 3600

    @property
    def pixels(self) -> int:
        """Largest number of pixels of a picture."""
        return int(self.megapixels * 1e6)

    @property
    def bytes(self) -> int:
        """Largest number of bytes of the body of a request."""
        return int(self.megabytes * 1e6)

    @property
    def threads(self) -> int:
        """Number of processor threads for one painting: an equal share of the cores."""
        return max(1, cores.threads() // self.workers)

    def check_settings(self, settings: PaintSettings, photo: tuple[int, int]) -> None:
        """Check that a painting stays within the bounds.

        Args:
            settings: of the painting.
            photo: (width, height) of the photo.

        Raises:
            SettingError: the painting would be too large, or would use too many threads.
        """
        from impasto.image.resize import fit

        width, height = photo if settings.size is None else fit(photo, settings.size)
        if width * height > self.pixels:
            raise SettingError(
                f"size {settings.size} makes a painting of {width} x {height} pixels; this "
                f"server paints at most {self.megapixels:g} megapixels"
            )
        if settings.threads is not None and settings.threads > self.threads:
            raise SettingError(
                f"threads is {settings.threads}; this server computes with at most {self.threads}"
            )


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a server.

    Attributes:
        host, port: where to listen; port 0 is any free one.
        names: further names by which browsers may address this server.
        ui: whether to serve the studio beside the API.
        browser: whether to open the studio in a browser.
        limits: the bounds of every request.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    names: tuple[str, ...] = ()
    ui: bool = True
    browser: bool = True
    limits: Limits = field(default_factory=Limits)
