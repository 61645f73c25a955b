"""README and docs/ held against the program: what they say to type is typed here.

The blocks of a page are run from top to bottom in one folder, as a reader would:

- `sh`: every `impasto` line is parsed as it stands, and run; `make`, `pip` and `python` lines name
  a target, an extra and a script that exist.
- `console`: lines after `$` are run; what follows is what they print (`...` is anything), and
  `# exit code N` how they end.
- `python`: run, with names shared along the page.

What takes minutes or a download is run smaller: with the options of `QUICKER` behind the command,
or in the call, and at sizes up to `LARGEST`. What is in `NOT_RUN` is only parsed. Commands and
options named in running text are parsed, too, and links lead somewhere.
"""

import ast
import contextlib
import functools
import importlib.util
import io
import re
import shlex
import shutil
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from tests.web.running import running
from typer.main import get_command
from typer.testing import CliRunner

import impasto
from impasto.cli.app import app
from impasto.models import assets
from impasto.models.spec import ModelSpec

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKING = [
    *PAGES,
    *(ROOT / name for name in ("CHANGELOG.md", "samples/README.md", "benchmarks/README.md")),
    *sorted((ROOT / "src/impasto/assets").rglob("*.md")),
]

QUICKER = {
    "optimize": {"size": 96, "steps": 2, "encoder": "compact"},
    "evaluate": {"size": 64, "judge": "compact"},
    "train encoder": {"steps": 1, "size": 64, "batch": 4},
    "train painter": {"steps": 1, "size": 64, "batch": 1, "styles": "samples/styles"},
    "styles train": {"minutes": 0.01},
}
"""Options that commands are given here, whatever stands on the page."""

SERVER = "http://127.0.0.1:7860"
"""Where `impasto web` listens on the pages."""

LARGEST = 1200
"""Pixels that `--size` and `--work-size` are cut to."""

NOT_RUN = (
    "web",  # until Ctrl-C: tests/web/
    "weights fetch",  # downloads half a gigabyte
    "export",  # takes 20 seconds, in tests/training/test_export.py
)

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
ELSEWHERE = ("http://", "https://", "mailto:")


def name(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page):
    return BLOCK.findall(page.read_text("utf-8"))


def spans(page):
    """Code in running text and tables."""
    return SPAN.findall(BLOCK.sub("", page.read_text("utf-8")))


def lines(body):
    """The lines of a shell block, those ending in a backslash joined to the next."""
    return [line for line in body.replace("\\\n", " ").splitlines() if line.strip()]


every_page = pytest.mark.parametrize("page", PAGES, ids=name)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as the reader has it, with a photo, a painting, a drawing, and more of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path / "styles"))
    samples = tmp_path / "samples"
    shutil.copytree(ROOT / "samples", samples)
    shutil.copy(samples / "photos/chelsea.jpg", "photo.jpg")
    shutil.copy(samples / "styles/wave.jpg", "painting.jpg")
    shutil.copy(samples / "styles/glass.jpg", "drawing.jpg")
    shutil.copytree(samples / "photos", "holiday")
    Path("networks").mkdir()
    for network in (ROOT / "src/impasto/assets").glob("*.onnx"):
        shutil.copy(network, "networks")  # as `impasto export` writes them
    return tmp_path


@pytest.fixture
def training(folder, monkeypatch):
    """Photos and paintings to train on and one of each that is held out; few to fit weights to."""
    from impasto.training import encoder, excerpt
    from impasto.training.images import is_held_out

    monkeypatch.setattr(encoder, "CALIBRATED", 4)
    monkeypatch.setattr(excerpt, "POSITIONS", 2_000)
    names = [Path(f"{number}.jpg") for number in range(500)]
    held_out = next(filter(is_held_out, names))
    for kind, sample in ("photos", "photo.jpg"), ("paintings", "painting.jpg"):
        images = folder / kind
        images.mkdir()
        for file in (*names[:2], held_out):
            shutil.copy(sample, images / file)


@pytest.fixture
def hurried(monkeypatch):
    """What takes long in `impasto`, with the settings that its command is given here."""
    commands = dict.fromkeys(("optimize", "optimize_steps"), "optimize")
    commands |= dict.fromkeys(("train_style", "train_style_steps"), "styles train")
    for verb, command in commands.items():
        real = getattr(impasto, verb)

        def quickly(*pictures, real=real, command=command, **options):
            return real(*pictures, **options | QUICKER[command])

        monkeypatch.setattr(impasto, verb, quickly)


@every_page
def test_blocks_do_what_the_page_says(page, folder, hurried, request):
    found = blocks(page)
    if any(re.search(r"impasto (train|evaluate)", body) for _, body in found):
        request.getfixturevalue("training")
    if any(SERVER in body for _, body in found):
        found = [(language, on_server(body, request)) for language, body in found]
    names = {}
    for language, body in found:
        if language == "sh":
            for line in lines(body):
                follow(line)
        elif language == "console":
            converse(body)
        elif language == "python":
            exec(compile(body, name(page), "exec"), names)
        else:
            pytest.fail(f"a block of {language or 'no language'}, which nobody checks:\n{body}")


def on_server(body, request):
    """What a block says to a server, said to one that is there, and quicker."""
    body = body.replace(SERVER, request.getfixturevalue("server").url)
    return body.replace('"size": 512', '"size": 32, "steps": 2, "encoder": "compact"')


@pytest.fixture
def server(tmp_path_factory):
    """`impasto web`, which serves the API."""
    with running(tmp_path_factory.mktemp("server")) as served:
        yield served


def follow(line):
    """Does what a line of a shell block says, or makes sure that it can be done."""
    words = shlex.split(line, comments=True)
    match words:
        case ["impasto", *rest] if ">" in rest:
            assert not refusal(rest[: rest.index("<" if "<" in rest else ">")]), line
            pipe(rest)
        case ["impasto", *rest]:
            assert not refusal(rest), line
            if not " ".join(rest).startswith(NOT_RUN):
                result = run(rest)
                assert result.exit_code == 0, f"{line}\n{result.output}"
        case ["make", target]:
            makefile = (ROOT / "Makefile").read_text("utf-8")
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), line
        case ["pip", "install", package]:
            check_package(package)
        case ["python", script, *_]:
            assert (ROOT / script).is_file(), line
        case ["python3", *rest]:
            subprocess.run([sys.executable, *rest], check=True)
        case [".", ".venv/bin/activate"] | ["pip", "uninstall", _]:
            pass
        case ["git", "clone", address] if "/OWNER/" in address:  # until there is an address
            pass
        case ["cd", "impasto"]:
            pass
        case ["curl", *_, address]:
            if shutil.which("curl"):
                subprocess.run([*words, "--fail", "--silent"], check=True)
            assert "/api/" in address
        case ["docker", "build" | "run", *rest]:
            assert (ROOT / "Dockerfile").is_file()
            if "stylize" in rest:
                assert not refusal(rest[rest.index("stylize") :]), line
        case _:
            pytest.fail(f"nobody knows whether this works: {line}")


def pipe(words):
    """Runs a command from a file to a file, as a shell does."""
    *words, _, target = words
    given = None
    if "<" in words:
        *words, _, source = words
        given = Path(source).read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "impasto", *words], input=given, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    Path(target).write_bytes(done.stdout)


def converse(body):
    """Types what stands behind the dollars of a console block, and compares the answers."""
    for exchange in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, _, answer = exchange.partition("\n")
        command, _, code = line.partition("# exit code ")
        result = run(shlex.split(command)[1:])
        expected = ".*".join(map(re.escape, answer.split("...")))
        assert re.fullmatch(expected, result.output), f"{line}\n{result.output}"
        assert result.exit_code == int(code or 0), line


def check_package(package):
    """A package to install is this one, with an extra that exists, or somebody else's."""
    extra = re.fullmatch(r"(?:\.|impasto)\[(\w+)\]", package)
    if extra:
        assert f"\n{extra[1]} = [" in (ROOT / "pyproject.toml").read_text("utf-8"), package


def run(words):
    """Runs a command, quicker where that is needed."""
    said = " ".join(words)
    quicker = next((QUICKER[start] for start in QUICKER if said.startswith(start)), {})
    extra = [word for option, value in quicker.items() for word in (f"--{option}", str(value))]
    sizes = {at + 1 for at, word in enumerate(words) if word in ("--size", "--work-size")}
    cut = [str(min(int(w), LARGEST)) if at in sizes else w for at, w in enumerate(words)]
    return CliRunner().invoke(app, [*cut, *extra])


def refusal(words):
    """What the command line says against words when they are parsed; nothing is run."""
    with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.redirect_stdout(said):
        try:
            parser().main(words, "impasto")
        except SystemExit as end:
            return said.getvalue() if end.code else ""
    return ""


@functools.cache
def parser():
    """The program with commands that do nothing."""
    program = get_command(app)
    commands = [program]
    for command in commands:
        for part in (command, *command.params):
            part.callback = None
        commands.extend(getattr(command, "commands", {}).values())
    return program


@every_page
def test_commands_in_the_text_exist(page):
    for span in spans(page):
        if span.startswith("impasto "):
            assert not_because_of_what_is_left_out(refusal(shlex.split(span)[1:])), span


@every_page
def test_options_in_the_text_exist(page):
    commands = [["stylize", "x"], ["optimize", "x"], ["mix", "x"], ["evaluate"], ["export"]]
    commands += [["train", "painter"], ["train", "encoder"], ["styles", "train", "x", "x"]]
    commands += [["weights", "list"], ["web"], []]
    for span in spans(page):
        if span.startswith("--"):
            words = shlex.split(span)
            answers = [refusal([*command, *words]) for command in commands]
            assert any(map(not_because_of_what_is_left_out, answers)), f"{span}\n{answers[0]}"


def not_because_of_what_is_left_out(refused):
    """Whether a fragment of a command is right as far as it goes."""
    left_out = ("missing", "requires an argument")
    return not refused or any(what in refused for what in left_out)


@every_page
def test_names_and_targets_in_the_text_exist(page):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for span in spans(page):
        if public := re.match(r"impasto\.(\w+)", span):
            assert hasattr(impasto, public[1]), span
        if target := re.fullmatch(r"make ([\w-]+)", span):
            assert f"\n{target[1]}:" in makefile, span
        if package := re.fullmatch(r"pip install \"?([^\"]+)\"?", span):
            check_package(package[1])
        if script := re.match(r"python ([\w/]+\.py)", span):
            assert (ROOT / script[1]).is_file(), span


PACKAGE = ROOT / "src/impasto"
MODULES = {path.relative_to(PACKAGE): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}
CODE_PATH = re.compile(r"[\w/]*\w\.py|(?:\w+/)+")
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
FILES = (".pt", ".npz", ".onnx", ".safetensors", ".tsv")


@functools.cache
def names_of_code():
    """Every name in the package with any of its qualifiers: `paint`, `Painter.paint`, ..."""
    names = set()
    for path, tree in MODULES.items():
        module = [part for part in path.with_suffix("").parts if part != "__init__"]
        for inner in defined(tree):
            whole = [*module, *inner]
            names |= {".".join(whole[k:]) for k in range(len(whole))}
    return names


def defined(tree):
    """The names that a module defines, and their members, as tuples."""
    yield ()
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=owner):
                yield (owner,)
                for inner in ast.walk(node):
                    match inner:
                        case ast.FunctionDef(name=member) | ast.AsyncFunctionDef(name=member):
                            yield owner, member
                        case ast.AnnAssign(target=ast.Name(id=member)):
                            yield owner, member
                        case ast.Attribute(attr=member, ctx=ast.Store()):
                            yield owner, member
            case ast.FunctionDef(name=top) | ast.Name(id=top, ctx=ast.Store()):
                yield (top,)


def wrong_names(spans, arguments=frozenset()):
    """The spans that name a module, a class or a member of the package which is not there."""
    firsts = {known.partition(".")[0] for known in names_of_code() if "." in known} - arguments
    files = {path.name for path in MODULES}
    for span in spans:
        bare = span.removesuffix("()").removeprefix("impasto.")
        if CODE_PATH.fullmatch(bare):
            if bare not in files and not any(
                (folder / bare).exists() for folder in (PACKAGE, ROOT)
            ):
                yield span
            continue
        is_ours = DOTTED.fullmatch(bare) and bare.partition(".")[0] in firsts
        if is_ours and not bare.endswith(FILES) and bare not in names_of_code():
            yield span


INSIDE = [ROOT / "docs/architecture.md", ROOT / "docs/glossary.md"]
"""Pages that speak of the code itself."""


@pytest.mark.parametrize("page", INSIDE, ids=name)
def test_rooms_and_names_of_the_code_exist(page):
    told = spans(page)
    assert not list(wrong_names(told))
    classes = [span for span in told if re.fullmatch(r"(?:[A-Z][a-z]+)+", span)]
    assert not set(classes) - names_of_code()


def test_every_room_is_on_a_floor():
    rooms = {f"{path.name}/" if path.is_dir() else path.name for path in PACKAGE.iterdir()}
    rooms -= {"__pycache__/", "assets/", "__init__.py", "__main__.py", "py.typed"}
    assert rooms <= set(spans(INSIDE[0]))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_names_in_docstrings_and_comments_exist(path):
    with (PACKAGE / path).open("rb") as file:
        tokens = [t for t in tokenize.tokenize(file.readline) if t.type in TEXTS]
    told = SPAN.findall("\n".join(token.string for token in tokens))
    arguments = {node.arg for node in ast.walk(MODULES[path]) if isinstance(node, ast.arg)}
    assert not list(wrong_names(told, arguments))


TEXTS = (tokenize.COMMENT, tokenize.STRING)


@pytest.mark.parametrize("page", LINKING, ids=name)
def test_links_lead_somewhere(page):
    for target in (markdown or html for markdown, html in LINK.findall(page.read_text("utf-8"))):
        if target.startswith(ELSEWHERE):
            continue
        path, _, heading = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), target
        if heading:
            assert heading in headings(goal), target


def headings(page):
    """The anchors that GitHub gives the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.fixture
def gallery():
    """The script that renders the pictures."""
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "docs/gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_gallery_renders_its_pictures(gallery, hurried, tmp_path):
    gallery.main(["wave", "mix", "regions", "--out", str(tmp_path), "--width", "480"])
    assert {path.stem for path in tmp_path.iterdir()} == {"wave", "mix", "regions"}


def test_gallery_is_whole_and_light(gallery):
    files = list((ROOT / "docs/gallery").iterdir())
    studio = {"studio.jpg", "studio-phone.jpg"}  # by docs/studio.py
    assert {path.name for path in files} == {f"{sheet}.jpg" for sheet in gallery.GALLERY} | studio
    assert sum(path.stat().st_size for path in files) < 1_150_000


FIGURES = {"README.md": "## Figures", "docs/large-prints.md": "## Memory"}
"""Where measurements are repeated, so that they are seen."""


@pytest.mark.parametrize(("page", "heading"), FIGURES.items())
def test_figures_are_those_of_the_benchmarks(page, heading):
    _, _, section = (ROOT / page).read_text("utf-8").partition(f"\n{heading}\n")
    table = re.findall(r"^\|.*\|$", section.partition("\n## ")[0], re.MULTILINE)
    figures = re.findall(r"\b\d[\d.,]*\b", "\n".join(table))
    measured = re.findall(r"\b\d[\d.,]*\b", (ROOT / "benchmarks/README.md").read_text("utf-8"))
    assert figures
    assert not set(figures) - set(measured)


@pytest.mark.parametrize("page", ["README.md", "docs/large-prints.md", "CHANGELOG.md"])
def test_the_sizes_of_both_passes_are_those_of_the_painter(page):
    spec = ModelSpec.read(assets.painters()[0])
    text = " ".join((ROOT / page).read_text("utf-8").split())
    assert f"{spec.work_side} pixels" in text
    assert f"at up to {spec.detail_side} pixels" in text


def test_no_page_is_left_out_of_the_index():
    index = (ROOT / "docs/README.md").read_text("utf-8")
    for page in PAGES:
        if page.parent.name == "docs" and page.name != "README.md":
            assert f"({page.name})" in index, page


def test_the_citation_is_of_this_version():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {impasto.__version__}\n" in citation
    assert f"## [{impasto.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
