import dataclasses
import itertools
import pickle

import numpy as np
import pytest
import torch

import impasto
from impasto.errors import InputError, SettingError
from impasto.optimization import checkpoint, sealed

STEPS = 3
CPU = torch.device("cpu")


@pytest.fixture
def job(photo, wave, flow, compact_weights):
    """What to paint, at two scales (100 and 200 px) of three steps."""
    return {
        "content": photo,
        "style": [(wave, 2.0), (flow, 1.0)],
        "weights": compact_weights,
        "size": 200,
        "init": "content",
        "steps": STEPS,
        "device": "cpu",
    }


def paint_until(step, path, **job):
    """Leaves a painting after some steps, with a checkpoint."""
    steps = impasto.optimize_steps(checkpoint=path, **job)
    for _ in itertools.islice(steps, step):
        pass
    steps.close()


@pytest.mark.parametrize(("optimizer", "init"), [("adam", "noise"), ("lbfgs", "content")])
def test_resume_is_exact(job, tmp_path, optimizer, init):
    job |= {"optimizer": optimizer, "init": init}
    whole = impasto.optimize(**job)
    assert whole.size == (200, 150)
    # Within the first scale, at its end, within the last, and when all is done.
    for stop in (1, STEPS, STEPS + 2, 2 * STEPS):
        path = tmp_path / f"{stop}.checkpoint"
        paint_until(stop, path, **job)
        seen = []
        resumed = impasto.optimize(resume=path, on_step=seen.append, **job)
        assert np.array_equal(resumed.pixels, whole.pixels)
        assert len(seen) == max(1, 2 * STEPS - stop)
        assert [r.losses for r in resumed.losses] == [r.losses for r in whole.losses]
        seconds = [record.seconds for record in resumed.losses]
        assert seconds == sorted(seconds)


def test_resume_goes_on_saving(job, tmp_path):
    path, other = tmp_path / "a", tmp_path / "b"
    paint_until(1, path, **job)
    before = path.read_bytes()
    impasto.optimize(resume=path, checkpoint=other, **job)
    assert path.read_bytes() == before
    impasto.optimize(resume=path, **job)
    last = checkpoint.load(path, CPU)
    assert (last.state.scale, last.state.step) == (1, STEPS)
    assert len(last.trace) == 2 * STEPS


def test_saves_at_the_end_of_a_scale_and_now_and_then(job, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(
        checkpoint, "save", lambda _, now: saved.append((now.state.scale, len(now.trace)))
    )
    impasto.optimize(checkpoint=tmp_path / "c", **job)
    assert saved == [(0, STEPS), (1, 2 * STEPS)]
    saved.clear()
    monkeypatch.setattr(checkpoint, "INTERVAL", 0.0)
    impasto.optimize(checkpoint=tmp_path / "c", **job)
    assert [count for _, count in saved] == list(range(1, 2 * STEPS + 1))


def test_resume_with_other_inputs(job, tmp_path, compact_weights):
    from safetensors.torch import load_file, save_file

    path = tmp_path / "c"
    paint_until(1, path, **job)
    wave, flow = (picture for picture, _ in job["style"])
    weights = load_file(compact_weights)
    weights["features.0.bias"] += 1
    save_file(weights, tmp_path / "other.safetensors")
    changes = {
        "size was 200, now 100": {"size": 100},
        "steps was 3, now the default": {"steps": None},
        "style-layers was relu1_1,": {"style_layers": ("relu1_1",)},
        "init was content, now a picture; the first picture": {"init": str(wave)},
        "the content is another picture": {"content": wave},
        "the number of styles was 2, now 1": {"style": wave},
        "style 1 is another picture; style 2 is another": {"style": [(flow, 2), (wave, 1)]},
        "the weight of style 2 was 1, now 0.5": {"style": [(wave, 2), (flow, 0.5)]},
        "the encoder's weights have changed": {"weights": tmp_path / "other.safetensors"},
    }
    for line, change in changes.items():
        with pytest.raises(SettingError, match=f"^{path}: .*another painting: {line}"):
            impasto.optimize_steps(resume=path, **job | change)


def test_resume_of_another_version(job, tmp_path):
    path = tmp_path / "c"
    paint_until(1, path, **job)
    now = checkpoint.load(path, CPU).identity
    before = dataclasses.replace(now, version="0.0.1")
    with pytest.raises(SettingError, match=r"it is of impasto 0\.0\.1, this is "):
        checkpoint.check_same(path, before, now)


def test_moved_picture_is_the_same(job, tmp_path, wave):
    path = tmp_path / "c"
    paint_until(1, path, **job | {"init": str(wave)})
    moved = wave.rename(tmp_path / "moved.png")
    style = [(moved, 2.0), job["style"][1]]
    impasto.optimize(resume=path, **job | {"init": str(moved), "style": style})


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda _: b"", "not a checkpoint"),
        (lambda _: b"a text", "not a checkpoint"),
        (lambda content: content[:-1], "damaged or cut short"),
        (lambda content: content[:30], "damaged or cut short"),
        (lambda content: content[:500] + bytes([content[500] ^ 1]) + content[501:], "damaged"),
        (lambda content: content.replace(b"checkpoint 4", b"checkpoint 2"), "of this version"),
        (lambda _: sealed.pack("no dict"), "not a checkpoint of this version"),
    ],
)
def test_unusable_file(job, tmp_path, spoil, line):
    path = tmp_path / "c"
    paint_until(1, path, **job)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(InputError, match=line) as caught:
        impasto.optimize_steps(resume=path, **job)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        checkpoint.load(tmp_path / "c", CPU)
    with pytest.raises(InputError, match="this is a folder"):
        checkpoint.load(tmp_path, CPU)


def test_a_pickle_is_refused(tmp_path):
    path, trap = tmp_path / "c", tmp_path / "trap"

    class Trap:
        def __reduce__(self):
            return type(trap).touch, (trap,)

    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="not a checkpoint"):
        checkpoint.load(path, CPU)
    assert not trap.exists()
