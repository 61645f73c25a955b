"""The container: built and run where Docker is at hand, and what it relies on, without."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]


def docker(*words):
    return subprocess.run(["docker", *map(str, words)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def image():
    """The image, built."""
    if shutil.which("docker") is None or docker("info").returncode:
        pytest.skip("needs Docker")
    if docker("pull", "python:3.12-slim").returncode:
        pytest.skip("needs a registry of images")
    built = docker("build", "--tag", "impasto-test", ROOT)
    assert built.returncode == 0, built.stderr
    yield "impasto-test"
    docker("image", "rm", "--force", "impasto-test")


@pytest.mark.parametrize("user", ["impasto", "12345:12345"])
def test_a_container_paints_as_a_user_without_rights(image, user, photo, tmp_path):
    (tmp_path / "out").mkdir(mode=0o777)
    (tmp_path / "out").chmod(0o777)
    words = ("run", "--rm", "--read-only", "--network", "none", "--user", user)
    words += ("--volume", f"{photo.parent}:/photos:ro", "--volume", f"{tmp_path}/out:/out")
    painted = docker(*words, image, "stylize", photo.name, "-s", "great-wave", "-o", "/out/x.png")
    assert painted.returncode == 0, painted.stderr
    with Image.open(tmp_path / "out" / "x.png") as opened:
        assert opened.size == (64, 48)


def test_the_container_has_a_user_of_its_own():
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    *_, last = (line for line in lines if line.startswith("USER "))
    assert last == "USER impasto"
    copied = [
        line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line
    ]
    kept = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists()
        assert f"!{name}" in kept


def test_the_studio_has_a_target_of_its_own():
    stages = (ROOT / "Dockerfile").read_text("utf-8").split("\nFROM ")
    [web] = [stage for stage in stages if stage.startswith("base AS web\n")]
    assert 'CMD ["web", "--host", "0.0.0.0", "--no-browser"]' in web
    assert "/source[web]" in "".join(stages)
    assert 'CMD ["--help"]' in stages[-1], "which is built where no target is named"


@pytest.fixture
def nobody(tmp_path):
    """Runs Python as a user of no name, in a folder of its own."""
    words = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", sys.executable]
    if getattr(os, "geteuid", lambda: 1)() or shutil.which("setpriv") is None:
        pytest.skip("only root becomes somebody else")
    place = Path("/var/tmp") / f"impasto-{tmp_path.name}-{os.getpid()}"
    place.mkdir()
    os.chown(place, 12345, 12345)
    kept = {k: v for k, v in os.environ.items() if k not in ("HOME", "IMPASTO_STYLES")}
    kept |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(home, *more):
        environment = kept | ({} if home is None else {"HOME": home})
        return subprocess.run(
            [*words, *more], cwd=place, env=environment, capture_output=True, text=True
        )

    if run(None, "-c", "import impasto, numpy").returncode:
        pytest.skip("this user may not even read the program")
    yield place, run
    shutil.rmtree(place)


@pytest.mark.parametrize("home", ["/root", "/nowhere", None])
def test_a_user_whose_home_is_locked_or_absent_paints(home, nobody):
    """As in a container, or with `sudo -u`."""
    place, run = nobody
    Image.linear_gradient("L").save(place / "photo.png")
    words = ("-s", "great-wave", "-o", "painting.png", "--size", "64")
    done = run(home, "-m", "impasto", "stylize", "photo.png", *words)
    assert done.returncode == 0, done.stderr
    assert (place / "painting.png").exists()
    assert done.stderr.count("your own styles cannot be used") == (home == "/root")


@pytest.mark.parametrize(
    ("home", "part"), [("/root", "permission denied"), ("/nowhere", ""), (None, "IMPASTO_CACHE")]
)
def test_weights_are_listed_without_a_cache(home, part, nobody):
    _, run = nobody
    listed = run(home, "-m", "impasto", "weights", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert part in listed.stdout
