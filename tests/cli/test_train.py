import json

import pytest
from safetensors.torch import load_file

from impasto.networks import compact, encoders


@pytest.fixture
def folder(tmp_path, blotches):
    """Images to train on, and one that is held out."""
    from impasto.training.images import is_held_out

    images = tmp_path / "images"
    images.mkdir()
    wanted = {False: 3, True: 1}
    for number in range(1000):
        path = images / f"{number}.png"
        held_out = is_held_out(path)
        if wanted[held_out]:
            wanted[held_out] -= 1
            blotches(number, 96, 80).save(path)
    return images


@pytest.fixture
def train(impasto, folder, tmp_path, monkeypatch):
    """`impasto train encoder`, two small steps of it."""
    from impasto.training import encoder, excerpt

    monkeypatch.setattr(encoder, "CALIBRATED", 4)
    monkeypatch.setattr(excerpt, "POSITIONS", 2_000)

    def run(*words):
        return impasto(
            *("train", "encoder", "--images", folder, "--out", tmp_path / "run", "--steps", 2),
            *("--size", 64, "--batch", 4, "--device", "cpu", *words),
        )

    return run


def test_train_encoder(train, tmp_path):
    result = train()
    assert result.exit_code == 0, result.output
    weights = tmp_path / "run" / "compact.safetensors"
    assert result.stdout.startswith(f"{weights}: 5.")
    assert result.stderr.startswith("step 2 of 2: features ")
    assert "relu5_1 " in result.stderr
    assert set(load_file(weights)) == set(compact.build().state_dict())
    encoders.load("compact", weights=weights)


def test_goes_on_after_ctrl_c(train, tmp_path, monkeypatch):
    from impasto.training import encoder

    loss = encoder.total
    calls = []

    def interrupt(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return loss(*arguments)

    monkeypatch.setattr(encoder, "total", interrupt)
    result = train()
    assert result.exit_code == 130
    assert result.stderr == "impasto: stopped; repeat the command to continue\n"
    assert (tmp_path / "run" / "checkpoint.pt").exists()
    # One step is left to do.
    assert train().exit_code == 0
    assert len(calls) == 3


def test_a_training_can_end_by_the_clock(train, tmp_path):
    result = train("--steps", 1_000_000, "--seconds", 1)
    assert result.exit_code == 0, result.output
    (line,) = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert 1 <= json.loads(line)["step"] < 100


def test_errors(fails, folder, tmp_path, monkeypatch):
    empty, file = tmp_path / "empty", tmp_path / "file"
    empty.mkdir()
    file.touch()
    words = ("train", "encoder", "--out", tmp_path / "run", "--steps", 1, "--device")
    sound = ("--images", folder)
    fails("vgg: no such file", *words, "cpu", *sound, "--teacher", "vgg")
    fails("holds no image to train on", *words, "cpu", "--images", empty)
    fails("not a folder", *words, "cpu", "--images", file)
    fails("there is no device 'tpu'", *words, "tpu", *sound)
    fails("run: ", "train", "encoder", *sound, "--out", file / "run", "--steps", 1)
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    fails('pip install "impasto[torch]"', *words, "cpu", *sound, exit_code=1)


@pytest.fixture
def painter_words(folder, tmp_path):
    styles = tmp_path / "styles"
    styles.mkdir()
    for name, file in zip(("one", "two"), sorted(folder.iterdir()), strict=False):
        (styles / f"{name}.png").write_bytes(file.read_bytes())
    words = ("train", "painter", "--photos", folder, "--styles", styles, "--device", "cpu")
    return (*words, "--out", tmp_path / "run", "--batch", 1, "--steps", 1, "--size", 64)


def test_train_painter(impasto, painter_words, folder, tmp_path):
    from impasto.training.export import load

    result = impasto(
        *painter_words,
        "--artworks",
        folder,
    )
    assert result.exit_code == 0, result.output
    weights = tmp_path / "run" / "painter.safetensors"
    assert result.stdout.startswith(f"{weights}: ")
    lines = result.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == ["step 1 of 1"]
    trained = load(weights)
    assert set(trained.vectors) == {"photo", "one", "two"}


def test_errors_of_the_painter(fails, painter_words, folder, tmp_path, monkeypatch):
    from impasto.training import steps
    from impasto.training.images import is_held_out

    fails("rate is nan", *painter_words, "--rate", "nan")
    fails("it must be from 0 to 4294967295", *painter_words, "--seed", 2**64)
    fails("it must be from 64 to 1024", *painter_words, "--size", 999_999)
    (tmp_path / "empty").mkdir()
    fails("holds no pictures of styles", *painter_words, "--styles", tmp_path / "empty")

    def full(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    monkeypatch.setattr(steps, "paint", full)
    fails("not enough memory; try a smaller --batch", *painter_words, exit_code=1)
    [held_out] = filter(is_held_out, folder.iterdir())
    held_out.unlink()
    fails("holds no held-out image", *painter_words)  # before a step is made
