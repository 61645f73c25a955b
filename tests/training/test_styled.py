"""The painter with its vectors: what it predicts, and the weights from which it continues."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from impasto.errors import InputError
from impasto.networks.painter import VECTOR, Painter
from impasto.networks.predictor import Predictor
from impasto.training.painting_losses import palette_of
from impasto.training.styled import IDENTITY, StyledPainter, begin, calibrate

NAMES = [IDENTITY, "great-wave", "not-in-the-catalogue"]
"""The styles of the fixture `weights`."""


def pictures(count: int) -> list[Tensor]:
    """Plain pictures (1, 3, 32, 32) of different colours, with a little noise."""
    generator = torch.Generator().manual_seed(0)
    colours = torch.linspace(0.1, 0.9, count)
    noise = torch.rand(count, 3, 32, 32, generator=generator)
    return [(0.9 * colour + 0.1 * n)[None] for colour, n in zip(colours, noise, strict=True)]


def test_a_photo_is_painted_with_the_vector_of_the_name() -> None:
    model = StyledPainter(["a", "b"]).eval()
    photo = torch.rand(2, 3, 32, 32)
    palette = palette_of(photo)
    with torch.no_grad():
        a, b = (model(photo, palette, name) for name in ("a", "b"))
        expected = model.painter(photo, model.vectors["b"][None], palette)
    torch.testing.assert_close(b, expected)
    assert not torch.equal(a, b)


def test_only_the_vector_that_a_step_uses_gets_a_gradient() -> None:
    model = StyledPainter(["a", "b"])
    photo = torch.rand(1, 3, 32, 32)
    model(photo, palette_of(photo), "a").sum().backward()
    assert model.vectors["a"].grad is not None
    assert model.vectors["b"].grad is None


def test_the_photo_s_own_vector_is_not_mixed() -> None:
    model = StyledPainter(NAMES)
    expected = torch.stack([model.vectors[name] for name in NAMES[1:]])
    torch.testing.assert_close(model.known(), expected.detach())
    assert not model.known().requires_grad


def test_predictions_mix_the_vectors_as_they_are_now() -> None:
    model = StyledPainter(NAMES, predicts=True)
    for vector in model.vectors.values():
        vector.data.fill_(2.0)
    vector, correction = model.predict(torch.rand(1, 3, 32, 32))
    torch.testing.assert_close(vector, torch.full((1, VECTOR), 2.0))
    assert not correction.any()


def test_a_calibrated_predictor_chooses_the_style_of_the_picture() -> None:
    known = torch.eye(4, VECTOR)
    predictor = Predictor(known)
    assert not predictor.is_calibrated
    shown = pictures(4)
    untrained = predictor.compact.features[0].weight.clone()
    calibrate(predictor, shown, pictures(16))
    assert predictor.is_calibrated
    assert not torch.equal(predictor.compact.features[0].weight, untrained)
    with torch.no_grad():
        for picture, vector in zip(shown, known, strict=True):
            mixture, _ = predictor.predict(predictor.statistics(picture))
            assert mixture.argmax() == vector.argmax()
            torch.testing.assert_close(predictor(picture)[0], vector)


def test_a_style_that_the_weights_lack_starts_at_the_mean_of_the_others(weights: Path) -> None:
    model = StyledPainter([*NAMES, "new"])
    assert begin(model, weights) == set(NAMES)
    stored = load_file(weights)
    mean = torch.stack([stored[f"vectors.{name}"] for name in NAMES[1:]]).mean(0)
    torch.testing.assert_close(model.vectors["new"].data, mean)
    for name in NAMES:
        torch.testing.assert_close(model.vectors[name].data, stored[f"vectors.{name}"])
    torch.testing.assert_close(
        model.painter.state_dict(),
        {name: stored[f"painter.{name}"] for name in Painter().state_dict()},
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda tensors: tensors.pop("painter.stem.weight"),
        lambda tensors: tensors.update({"painter.more": torch.ones(2)}),
        lambda tensors: tensors.update({"vectors.great-wave": torch.ones(VECTOR - 1)}),
        lambda tensors: tensors.clear(),
    ],
    ids=["a missing tensor", "one too many", "a vector of another painter", "nothing"],
)
def test_weights_of_another_version_are_one_line(damage, weights: Path, tmp_path: Path) -> None:
    tensors = load_file(weights)
    damage(tensors)
    file = tmp_path / "old.safetensors"
    save_file(tensors, file)
    with pytest.raises(InputError, match=r"old\.safetensors: .*; name a file that this") as caught:
        begin(StyledPainter(NAMES), file)
    assert "\n" not in str(caught.value)


def test_weights_that_are_missing_or_no_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.safetensors: no such file"):
        begin(StyledPainter(NAMES), tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("no weights at all")
    with pytest.raises(InputError, match=r"text\.safetensors: damaged, or not the weights"):
        begin(StyledPainter(NAMES), tmp_path / "text.safetensors")


@pytest.fixture
def predicting(tmp_path: Path) -> Path:
    """Weights of three styles with a predictor that chooses among two."""
    file = tmp_path / "predicting.safetensors"
    save_file(StyledPainter(NAMES, predicts=True).state_dict(), file)
    return file


def test_the_predictor_of_an_older_version_is_one_line(predicting: Path) -> None:
    model = StyledPainter(NAMES, predicts=True)
    begin(model, predicting)
    tensors = load_file(predicting)
    del tensors["predictor.thumbnails"]
    save_file(tensors, predicting)
    with pytest.raises(InputError, match=r"predicting\.safetensors: .*of this version") as caught:
        begin(model, predicting)
    assert "\n" not in str(caught.value)


def test_a_predictor_of_other_styles_is_not_loaded(predicting: Path) -> None:
    tensors = load_file(predicting)
    del tensors["predictor.thumbnails"]
    save_file(tensors, predicting)
    begin(StyledPainter([*NAMES, "new"], predicts=True), predicting)
    begin(StyledPainter(NAMES), predicting)
