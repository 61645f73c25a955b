import pytest
from safetensors.torch import load_file

from impasto.networks import compact, encoders


@pytest.fixture
def folder(tmp_path, blotches):
    """Images to train on, and one that is held out."""
    from impasto.training.images import _is_held_out

    images = tmp_path / "images"
    images.mkdir()
    wanted = {False: 3, True: 1}
    for number in range(1000):
        path = images / f"{number}.png"
        held_out = _is_held_out(path)
        if wanted[held_out]:
            wanted[held_out] -= 1
            blotches(number, 96, 80).save(path)
    return images


@pytest.fixture
def teacher(tmp_path):
    """A collaborative encoder with random weights, which is as small as its student."""
    from safetensors.torch import save_file

    from impasto.networks.teachers import CollaborativeEncoder

    path = tmp_path / "teacher.safetensors"
    save_file(CollaborativeEncoder().state_dict(), path)
    return path


@pytest.fixture
def train(impasto, folder, teacher, tmp_path):
    """`impasto train encoder`, two small steps of it."""

    def run(*words):
        return impasto(
            *("train", "encoder", "--images", folder, "--teacher", teacher, "--out"),
            *(tmp_path / "run", "--steps", 2, "--size", 64, "--batch", 4, "--device", "cpu"),
            *words,
        )

    return run


def test_train_encoder(train, tmp_path):
    result = train()
    assert result.exit_code == 0, result.output
    weights = tmp_path / "run" / "compact.safetensors"
    assert result.stdout.startswith(f"{weights}: 1.")
    assert result.stderr.startswith("step 2 of 2: loss ")
    assert "relu5_1 " in result.stderr
    assert set(load_file(weights)) == set(compact.build().state_dict())
    encoders.load("compact", weights=weights)


def test_goes_on_after_ctrl_c(train, tmp_path, monkeypatch):
    from impasto.training import encoder

    loss = encoder.distillation_loss
    calls = []

    def interrupt(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return loss(*arguments)

    monkeypatch.setattr(encoder, "distillation_loss", interrupt)
    result = train()
    assert result.exit_code == 130
    assert result.stderr == "impasto: stopped; the same command goes on from here\n"
    assert (tmp_path / "run" / "checkpoint.pt").exists()
    # One step is left to do.
    assert train().exit_code == 0
    assert len(calls) == 3


def test_errors(fails, folder, teacher, tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    words = ("train", "encoder", "--out", tmp_path / "run", "--steps", 1, "--device")
    sound = ("--images", folder, "--teacher", teacher)
    fails("no such teacher", *words, "cpu", "--images", folder, "--teacher", "vgg")
    fails("holds no image to train on", *words, "cpu", "--images", empty, "--teacher", teacher)
    fails("not a folder", *words, "cpu", "--images", teacher, "--teacher", teacher)
    fails("there is no device 'tpu'", *words, "tpu", *sound)
    fails("run: ", "train", "encoder", *sound, "--out", teacher / "run", "--steps", 1)
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    fails('pip install "impasto[torch]"', *words, "cpu", *sound, exit_code=1)


def test_train_stylizer(impasto, folder, tmp_path):
    from impasto.training.export import load

    result = impasto(
        *("train", "stylizer", "--photos", folder, "--paintings", folder),
        *("--out", tmp_path / "run", "--steps", 2, "--size", 48, "--batch", 2, "--device", "cpu"),
    )
    assert result.exit_code == 0, result.output
    weights = tmp_path / "run" / "stylizer.safetensors"
    assert result.stdout.startswith(f"{weights}: 8.")
    assert result.stderr.startswith("step 2 of 2: moments ")
    load(weights)


def test_errors_of_the_stylizer(fails, folder, tmp_path, monkeypatch):
    from impasto.training import stylizer
    from impasto.training.images import _is_held_out

    words = ("train", "stylizer", "--photos", folder, "--paintings", folder, "--device", "cpu")
    words += ("--out", tmp_path / "run", "--batch", 2, "--steps", 1)
    fails("rate is nan", *words, "--rate", "nan")
    fails("it must be from 0 to 4294967295", *words, "--seed", 2**64)
    fails("it must be from 48 to 1024", *words, "--size", 999_999)

    def full(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    monkeypatch.setattr(stylizer, "losses", full)
    fails("not enough memory; try a smaller --batch", *words, "--size", 48, exit_code=1)
    [held_out] = filter(_is_held_out, folder.iterdir())
    held_out.unlink()
    fails("holds no held-out image", *words)  # before a step is made
