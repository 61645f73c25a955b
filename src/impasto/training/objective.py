"""The objective of the painter's training: the weighted losses of a step."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.networks.painter import VECTOR, Palette
from impasto.training import steps
from impasto.training.batches import Batch
from impasto.training.images import to_unit
from impasto.training.painting_losses import (
    Target,
    chosen,
    identity_losses,
    joined,
    palette_of,
    weighted,
)
from impasto.training.settings import PainterTraining
from impasto.training.styled import IDENTITY, StyledPainter
from impasto.training.targets import StyleEntry, target_of
from impasto.training.teacher import Teacher

ARTWORK_ENLARGED = 1.2
"""Factor by which the crop of an artwork is enlarged before its style is measured. The pictures of
the known styles are larger; enlarged, a crop has strokes that are nearly as large as theirs."""

CORRECTION = 0.2
"""Weight of the mean square of the predictor's corrections. It keeps the predicted vectors near
mixtures of known ones, which paint well."""


class Objective:
    """Computes what the training minimizes.

    Args:
        training: the settings.
        model: to train.
        teacher: VGG-16.
        entries: the known styles.
        targets: of the known styles, by name.
    """

    def __init__(
        self,
        training: PainterTraining,
        model: StyledPainter,
        teacher: Teacher,
        entries: Sequence[StyleEntry],
        targets: Mapping[str, Target],
    ) -> None:
        self._training, self._model, self._teacher = training, model, teacher
        self._numbers = {entry.name: k for k, entry in enumerate(entries)}
        self._targets = joined([targets[entry.name] for entry in entries])
        content = [entry.content for entry in entries]
        self._content = torch.tensor(content, device=training.device)

    def inputs(self, batch: Batch) -> dict[str, Tensor]:
        """Convert a batch to tensors only: `photo`, `artwork`, and the numbers of `styles` (K,)."""
        numbers = [self._numbers[name] for name in batch.names]
        styles = torch.tensor(numbers, dtype=torch.long)
        return {"styles": styles, "photo": batch.photo, "artwork": batch.artwork}

    def __call__(self, inputs: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Paint a batch, and compare the paintings with photos and styles.

        Args:
            inputs: see `inputs`.

        Returns:
            What to minimize; and the losses without their weights. `style` has a value for each of
            `Batch.labels`.
        """
        photo, artwork = to_unit(inputs["photo"]), to_unit(inputs["artwork"])
        vectors, target, content, penalty = self._styles(inputs["styles"], artwork)
        batch, weights = self._training.batch, self._training.weights
        styled = batch * len(vectors)  # photos; the rest are painted in their own style
        vector, palette = self._of_each(photo, vectors, target)

        def painter(photo: Tensor, palette: Palette) -> Tensor:
            painted: Tensor = self._model.painter(photo, vector, palette)
            return painted

        precision = self._training.precision
        paintings = steps.paint(painter, self._teacher, photo, palette, precision)
        total, losses = penalty, {}
        if target is not None:
            losses = steps.losses_of(paintings.part(slice(styled)), self._teacher, target)
            share = styled / len(photo)
            total = total + share * weighted(losses, weights, _repeated(content, batch))
        if styled < len(photo):
            own = identity_losses(*paintings.part(slice(styled, None)))
            total = total + (1 - styled / len(photo)) * weighted(own, weights)
            styles = [*losses.get("style", []), own["style"].mean()]
            losses = {**own, **losses, "style": torch.stack(styles)}
        return total, losses

    def _styles(
        self, numbers: Tensor, artwork: Tensor
    ) -> tuple[Tensor, Target | None, Tensor, Tensor]:
        """Gather the known styles with these numbers and the styles of artworks (A, 3, H, W).

        Returns:
            The vectors of the styles (S, VECTOR); their targets, or None without styles; the
            factors of their content losses (S,); and the penalty for the predictor's corrections.
        """
        device, penalty = artwork.device, torch.zeros((), device=artwork.device)
        vectors = [torch.empty(0, VECTOR, device=device)]
        content, targets = [torch.empty(0, device=device)], []
        if len(numbers):
            vectors.append(self._vectors(numbers))
            content.append(self._content[numbers])
            targets.append(chosen(self._targets, numbers))
        if len(artwork):
            predicted, correction = self._model.predict(artwork)
            large = F.interpolate(artwork, scale_factor=ARTWORK_ENLARGED, mode="bicubic")
            vectors.append(predicted)
            content.append(torch.ones(len(artwork), device=device))
            targets.append(target_of(large.clamp(0, 1), self._teacher))
            share = len(artwork) / (len(numbers) + len(artwork))
            penalty = CORRECTION * share * correction.square().mean()
        target = joined(targets) if targets else None
        return torch.cat(vectors), target, torch.cat(content), penalty

    def _vectors(self, numbers: Tensor) -> Tensor:
        """Gather the learned vectors of known styles.

        On a GPU, a CUDA graph must read the numbers on the device. So every vector gets a gradient,
        which is zero if a step does not use the vector, and Adam's momentum still moves it. On a
        CPU, such a vector gets no gradient and does not move.
        """
        learned = [self._model.vectors[name] for name in self._numbers]
        if numbers.device.type == "cuda":
            return torch.stack(learned)[numbers]
        return torch.stack([learned[k] for k in numbers.tolist()])

    def _of_each(
        self, photo: Tensor, vectors: Tensor, target: Target | None
    ) -> tuple[Tensor, Palette]:
        """Gather the vectors and palettes of photos (N, 3, H, W).

        There is one for each photo; but one that all photos share is not repeated.
        """
        batch, identity = self._training.batch, self._model.vectors[IDENTITY][None]
        own = photo[batch * len(vectors) :]
        if target is None:
            return identity, palette_of(photo)
        if len(vectors) == 1 and not len(own):
            return vectors, target.palette
        vector = _repeated(vectors, batch)
        mean, root = (_repeated(x, batch) for x in target.palette)
        if len(own):
            vector = torch.cat([vector, identity.expand(len(own), -1)])
            last = palette_of(own)
            mean, root = torch.cat([mean, last.mean]), torch.cat([root, last.root])
        return vector, Palette(mean, root)


def _repeated(values: Tensor, times: int) -> Tensor:
    """Repeat each value: (S, ...) becomes (S times, ...)."""
    return values[:, None].expand(-1, times, *values.shape[1:]).flatten(0, 1)
