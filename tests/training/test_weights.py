"""Weights read back: what was learned stays, and what is none is refused."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from impasto.errors import InputError
from impasto.training.weights import load


def test_only_what_was_learned_is_rounded(weights):
    before, after = load_file(weights), load(weights)
    for name in ("mean", "variance"):
        kept = after.predictor.state_dict()[f"standardise.{name}"]
        assert torch.equal(kept, before[f"predictor.standardise.{name}"])
    rounded = before["painter.blocks.0.first.weight"].half().float()
    assert torch.equal(after.painter.blocks[0].first.weight, rounded)


def test_refuses_a_painter_without_a_predictor(weights, tmp_path):
    painter = {k: v for k, v in load_file(weights).items() if not k.startswith("predictor.")}
    save_file(painter, tmp_path / "painter.safetensors")
    with pytest.raises(InputError, match="train with artworks"):
        load(tmp_path / "painter.safetensors")


@pytest.mark.parametrize(
    "damage",
    [
        lambda tensors: tensors.pop("predictor.thumbnails"),
        lambda tensors: tensors.pop("predictor.known"),
        lambda tensors: tensors.update({"predictor.known": torch.ones(())}),
        lambda tensors: tensors.update({"predictor.more": torch.ones(2)}),
        lambda tensors: tensors.pop("painter.stem.weight"),
        lambda tensors: tensors.pop("vectors.photo"),
    ],
    ids=["an older predictor", "no vectors to mix", "no list", "too much", "a layer", "the photo"],
)
def test_weights_of_another_version_are_one_line(damage, weights, tmp_path):
    tensors = load_file(weights)
    damage(tensors)
    save_file(tensors, tmp_path / "old.safetensors")
    with pytest.raises(InputError, match=r"old\.safetensors: .*; name a file that this") as caught:
        load(tmp_path / "old.safetensors")
    assert "\n" not in str(caught.value)


def test_refuses_values_that_are_not_finite(weights, tmp_path):
    tensors = load_file(weights)
    tensors["vectors.photo"][0] = torch.nan
    save_file(tensors, tmp_path / "painter.safetensors")
    with pytest.raises(InputError, match="not finite; train at a lower rate"):
        load(tmp_path / "painter.safetensors")


def test_load_refuses(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "none.safetensors")
    path = tmp_path / "other.safetensors"
    for content in (b"", b"no weights at all"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="damaged, or not the weights of a painter"):
            load(path)
    save_file({"a": torch.ones(2)}, path)
    with pytest.raises(InputError, match="not the weights of a painter"):
        load(path)
