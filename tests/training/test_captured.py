"""Steps give the same results with and without a CUDA graph."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from impasto.training.captured import Captured
from impasto.training.loop import Schedule, TrainingRun

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
DEVICES = ["cpu", pytest.param("cuda", marks=GPU)]


@pytest.mark.parametrize("device", DEVICES)
def test_captured_steps_train_as_others(
    device: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    torch.manual_seed(0)
    batches = [{"x": torch.randn(n, 3)} for n in (4, 4, 2, 4, 2, 4)]
    results = []
    for captures in (False, True):
        torch.manual_seed(1)
        model = nn.Linear(3, 2).to(device)
        folder = tmp_path_factory.mktemp("run")
        run = TrainingRun(model, folder, Schedule(steps=6, warmup=1))

        def descend(batch: Mapping[str, Tensor], run: TrainingRun = run) -> dict[str, Tensor]:
            loss = run.model(batch["x"]).square().mean()
            run.descend(loss)
            return {"loss": loss.detach()}

        step = Captured(descend, torch.device(device if captures else "cpu"))
        losses = []
        for batch in batches:
            run.set_rates()
            inputs = batch if captures else {k: x.to(device) for k, x in batch.items()}
            found = step(inputs) if captures else descend(inputs)
            losses.append(float(found["loss"]))
            run.finish()
        results.append((losses, {k: v.cpu() for k, v in run.average.items()}))
    torch.testing.assert_close(results[0], results[1], atol=1e-5, rtol=1e-4)
