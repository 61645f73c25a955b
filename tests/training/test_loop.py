"""The training loop: resuming changes nothing, and nothing ends a run of hours by accident."""

import json
import math
from contextlib import closing
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from impasto.errors import ImpastoError, InputError, SettingError
from impasto.training.loop import BIAS_SPREAD, PATIENCE, Schedule, TrainingRun

SCHEDULE = Schedule(steps=12, learning_rate=0.1, warmup=3, save_every=4, seed=5)


class Counting(nn.Module):
    """Measures what passes, as layers that normalise do."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.mean.lerp_(x.detach().mean(), 0.25)
        return x - self.mean


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1), Counting())


def loss_of(model: nn.Module, step: int) -> Tensor:
    batch = torch.randn((2, 3, 6, 6), generator=torch.Generator().manual_seed(step))
    return (model(batch) - batch.mean()).square().mean()


def train(folder: Path, schedule: Schedule = SCHEDULE, stop_after: int | None = None):
    run = TrainingRun(network(), folder, schedule)
    with closing(run.steps()) as steps:
        for step in steps:
            run.update(loss_of(run.model, step))
            if run.step == stop_after:
                break
    return run


def assert_identical(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


@pytest.mark.parametrize("stop_after", [1, 4, 7])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, stop_after):
    whole = train(tmp_path / "whole")
    train(tmp_path / "halves", stop_after=stop_after)
    resumed = train(tmp_path / "halves")
    assert resumed.step == 12
    assert_identical(whole.model.state_dict(), resumed.model.state_dict())
    assert_identical(whole.average, resumed.average)


def test_a_run_lowers_the_loss(tmp_path):
    before = loss_of(network(), 0).item()
    assert loss_of(train(tmp_path).model, 0).item() < 0.7 * before


def test_a_finished_run_does_nothing_more(tmp_path):
    train(tmp_path)
    run = TrainingRun(network(), tmp_path, SCHEDULE)
    assert list(run.steps()) == []
    assert run.step == 12


def test_a_checkpoint_is_saved_every_so_often_and_whole(tmp_path):
    run = TrainingRun(network(), tmp_path, SCHEDULE)
    saved_at = []
    for step in run.steps():
        if run.checkpoint_file.exists():
            saved_at.append(torch.load(run.checkpoint_file, weights_only=True)["step"])
        run.update(loss_of(run.model, step))
    assert saved_at == [4] * 4 + [8] * 4
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_an_exception_saves_the_checkpoint_before_it_passes(tmp_path):
    run = TrainingRun(network(), tmp_path, SCHEDULE)
    with pytest.raises(KeyboardInterrupt), closing(run.steps()) as steps:
        for step in steps:
            run.update(loss_of(run.model, step))
            if run.step == 6:
                raise KeyboardInterrupt
    assert TrainingRun(network(), tmp_path, SCHEDULE).step == 6


def test_a_step_that_was_cut_off_counts_once(tmp_path):
    whole = train(tmp_path / "whole")
    run = TrainingRun(network(), tmp_path / "cut", SCHEDULE)
    with pytest.raises(KeyboardInterrupt), closing(run.steps()) as steps:
        for step in steps:
            loss = loss_of(run.model, step)
            if run.step == 6:
                raise KeyboardInterrupt
            run.update(loss)
    resumed = train(tmp_path / "cut")
    assert_identical(whole.model.state_dict(), resumed.model.state_dict())


def test_a_step_without_update_is_a_programming_error(tmp_path):
    run = TrainingRun(network(), tmp_path, SCHEDULE)
    with pytest.raises(RuntimeError, match=r"without update\(\)"):
        list(run.steps())


def test_the_learning_rate_rises_linearly_and_falls_along_a_cosine(tmp_path):
    schedule = Schedule(steps=100, learning_rate=0.5, warmup=10)
    run = TrainingRun(network(), tmp_path, schedule)
    rates = []
    for step in range(100):
        run.step = step
        rates.append(run.learning_rate())
    for step in range(10):
        cosine = 0.5 * (1 + math.cos(math.pi * step / 100))
        assert rates[step] == pytest.approx(0.5 * (step + 1) / 10 * cosine)
    assert rates[50] == pytest.approx(0.25)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[99] < 0.001


def test_rates_are_relative_to_the_spread_of_a_layers_weights(tmp_path):
    """Adam's first step moves every weight by its learning rate."""
    schedule = Schedule(steps=10, learning_rate=0.01, warmup=1)
    run = TrainingRun(network(), tmp_path, schedule)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.update(loss_of(run.model, 0))
    after = run.model.state_dict()
    for name, spread in [("0.weight", math.sqrt(2 / 27)), ("2.bias", BIAS_SPREAD)]:
        moved = (after[name] - before[name]).abs().max()
        assert float(moved) == pytest.approx(0.01 * spread, rel=1e-3)


def test_the_average_follows_its_formula(tmp_path):
    run = TrainingRun(network(), tmp_path, Schedule(steps=40, average=0.5, warmup=1))
    expected = {name: value.clone() for name, value in run.average.items()}
    for step in run.steps():
        run.update(loss_of(run.model, step))
        decay = min(0.5, (1 + step) / (10 + step))
        for name, value in run.model.state_dict().items():
            expected[name] = decay * expected[name] + (1 - decay) * value
    for name, value in run.average.items():
        torch.testing.assert_close(value, expected[name])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_skipped(tmp_path, bad):
    run = train(tmp_path, stop_after=5)
    weights = {name: value.clone() for name, value in run.model.named_parameters()}
    average = {name: value.clone() for name, value in run.average.items()}
    run.update(loss_of(run.model, 5) * bad)
    assert run.step == 6
    assert_identical(dict(run.model.named_parameters()), weights)
    assert_identical(run.average, average)
    run.update(loss_of(run.model, 6))
    assert all(value.isfinite().all() for value in run.model.state_dict().values())
    assert not torch.equal(run.model.state_dict()["0.weight"], weights["0.weight"])


def test_a_run_without_hope_ends(tmp_path):
    run = TrainingRun(network(), tmp_path, Schedule(steps=100))
    with pytest.raises(ImpastoError, match="losses that are not finite"):
        for step in run.steps():
            bad = step >= 3 and step != 10  # one that is sound, and patience begins anew
            run.update(loss_of(run.model, step) * (math.nan if bad else 1))
    assert run.step == 10 + PATIENCE
    assert all(value.isfinite().all() for value in run.average.values())


@pytest.mark.parametrize("rate", [math.nan, math.inf, 0])
def test_a_rate_that_is_no_number_is_refused(rate):
    with pytest.raises(SettingError, match=r"^rate is "):
        Schedule(steps=1, learning_rate=rate)


@pytest.mark.parametrize("seconds", [math.nan, 0, -1])
def test_a_time_is_a_positive_number(seconds):
    with pytest.raises(SettingError, match="seconds is"):
        Schedule(steps=1, seconds=seconds)


def test_large_gradients_are_clipped(tmp_path):
    run = TrainingRun(network(), tmp_path, SCHEDULE)
    run.update(1e6 * loss_of(run.model, 0))
    gradients = torch.cat([p.grad.flatten() for p in run.model.parameters()])
    assert float(gradients.norm()) == pytest.approx(SCHEDULE.clip, rel=1e-3)


def test_another_seed_is_refused(tmp_path):
    train(tmp_path, stop_after=2)
    with pytest.raises(InputError, match="was started with seed 5; give that seed, or another"):
        TrainingRun(network(), tmp_path, Schedule(steps=12, seed=6))


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "text": lambda path: path.write_text("no checkpoint"),
    "a list": lambda path: torch.save([1, 2], path),
    "other entries": lambda path: torch.save({"step": 1}, path),
    "python objects": lambda path: torch.save({"schedule": SCHEDULE}, path),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_one_line(tmp_path, damage):
    run = train(tmp_path, stop_after=2)
    DAMAGES[damage](run.checkpoint_file)
    with pytest.raises(InputError, match=r"checkpoint\.pt: not a checkpoint") as caught:
        TrainingRun(network(), tmp_path, SCHEDULE)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_network_is_one_line(tmp_path):
    train(tmp_path, stop_after=2)
    with pytest.raises(ImpastoError, match="another network") as caught:
        TrainingRun(nn.Linear(3, 4), tmp_path, SCHEDULE)
    assert "\n" not in str(caught.value)


def test_the_log_has_a_line_of_json_for_each_entry(tmp_path):
    run = train(tmp_path, stop_after=2)
    run.log({"loss": 0.5})
    run.save()
    resumed = TrainingRun(network(), tmp_path, SCHEDULE)
    resumed.log({"loss": 0.25, "relu1_1": 0.1})
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 2]
    assert lines[1]["relu1_1"] == 0.1
    assert lines[1]["seconds"] >= lines[0]["seconds"] >= 0
