"""`Painter` and `stylize`: paint in one pass."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.api.sources import (
    RegionSource,
    SceneLoader,
    Source,
    StyleSources,
    photo_mask,
    weighted,
)
from impasto.errors import SettingError
from impasto.feedforward.model import FeedforwardModel, open_models
from impasto.feedforward.render import render
from impasto.image import files
from impasto.image.files import Picture
from impasto.image.resize import resize
from impasto.painting import Painting, Statistics
from impasto.scene import Region, Scene
from impasto.schema import region_weight
from impasto.settings import StylizeSettings, with_options
from impasto.system import cores

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.settings import StylizeOptions


class Painter:
    """Styles, masks and networks, loaded once to paint many photos in one pass, without PyTorch.

        painter = impasto.Painter("great-wave", strength=0.8)
        for photo in photos:
            painter.paint(photo).save(photo.with_suffix(".png"))

    Several threads may paint with the same painter.

    Args:
        style: one style, or several, each alone or in a pair with its weight; see `load_style`.
            With regions there may be none: the photo then stays unchanged outside the regions.
        regions: parts of the painting with their own styles, each a `Region` or a tuple of the
            same: a mask, a style, and optionally the fraction of the strength to use there, from 0
            to 1, the default. A mask is a picture of any size, stretched over the painting: white
            inside the region, grey where it fades, and black or transparent outside. The word
            "alpha" stands for the photo's alpha. Overlapping regions are mixed.
        model: the ONNX file of a network that paints, instead of those that ship with impasto. The
            files that belong to it lie in the same folder.
        settings: how to paint, and on which device.
        options: fields of `StylizeSettings`, which override `settings`.

    Raises:
        InputError: a style, a mask or the model cannot be used.
        SettingError: a setting is out of bounds, or there is no style.
        DeviceError: the device is absent, or its memory is too small.
        WeightsError: the networks that ship with impasto are missing or damaged.
    """

    def __init__(
        self,
        style: StyleSources = (),
        *,
        regions: Sequence[RegionSource] = (),
        model: str | Path | FeedforwardModel | None = None,
        settings: StylizeSettings | None = None,
        **options: "Unpack[StylizeOptions]",
    ) -> None:
        self.settings = settings or StylizeSettings()
        if options:
            self.settings = with_options(self.settings, options)
        models = open_models(model, self.settings.device, self.settings.threads)
        loader = SceneLoader()
        self._regions: list[Region] = []
        for number, region in enumerate(regions, start=1):
            mask, mixture, weight = Region(*region)
            weight = region_weight(f"region {number}", weight)
            loaded = loader.mixture(weighted(mixture), models, preload=True)
            self._regions.append(Region(loader.mask(f"region {number}", mask), loaded, weight))
        if everywhere := weighted(style):
            self._regions.append(Region(None, loader.mixture(everywhere, models, preload=True)))
        elif not self._regions:
            raise SettingError("there is no style; name at least one")
        self._notices = loader.notices

    def paint(self, photo: Source, *, statistics: Sequence[Statistics | None] = ()) -> Painting:
        """Paint a photo.

        Args:
            photo: a file, a Pillow image or an array.
            statistics: `Painting.statistics` of another painting by this painter, to paint alike,
                with the same recolouring and normalisation, as for frames of a film.

        Returns:
            The painting, with its `tile`, `statistics` and `notices`.

        Raises:
            InputError: the photo cannot be used.
            SettingError: the size is too small for it.
            DeviceError: the memory of the device is too small.
        """
        picture = files.load(photo)
        scene = self._scene(picture)
        with cores.limited(self.settings.threads):
            rendering = render(scene, self.settings, statistics)
            height, width = rendering.samples.shape[:2]
            alpha = picture.alpha
            if alpha is not None and picture.size != (width, height):
                alpha = resize(alpha, (width, height))
        notices = dict.fromkeys((*picture.notices, *self._notices, *rendering.notices))
        return Painting(
            rendering.samples,
            alpha,
            picture.metadata,
            notices=tuple(notices),
            losses=(),
            tile=rendering.tile,
            statistics=rendering.statistics,
        )

    def _scene(self, photo: Picture) -> Scene:
        regions = [
            region._replace(mask=photo_mask(f"region {number}", photo))
            if isinstance(region.mask, str)
            else region
            for number, region in enumerate(self._regions, start=1)
        ]
        return Scene(photo, tuple(regions))


def stylize(
    content: Source,
    style: StyleSources = (),
    *,
    regions: Sequence[RegionSource] = (),
    model: str | Path | FeedforwardModel | None = None,
    settings: StylizeSettings | None = None,
    **options: "Unpack[StylizeOptions]",
) -> Painting:
    """Paint `content` in the style `style` in one pass, without PyTorch.

        impasto.stylize("photo.jpg", "great-wave").save("painting.png")
        impasto.stylize("photo.jpg", [("wave.jpg", 2), ("starry-night", 1)], strength=0.7)
        impasto.stylize("photo.jpg", "irises", regions=[("sky.png", "starry-night")])

    Args:
        content: the photo.
        Others: as for `Painter`, which is faster for many photos.

    Raises:
        InputError, SettingError, DeviceError, WeightsError: as `Painter` and `Painter.paint`.
    """
    painter = Painter(style, regions=regions, model=model, settings=settings, **options)
    return painter.paint(content)
