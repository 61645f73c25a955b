"""The public names of impasto, held against the list in `public_api.txt`.

A name that vanishes or changes breaks what others have written with it. Where that is meant,
or a name is new, renew the list and say so in the changelog:

    python -m tests.test_public_api
"""

import dataclasses
import inspect
from pathlib import Path

import impasto

SNAPSHOT = Path(__file__).with_name("public_api.txt")


def parameters(function) -> str:
    """Names, kinds and defaults. Types are left to mypy: every Python prints them its own way."""
    signature = inspect.signature(function)
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=signature.empty))


def field(entry: dataclasses.Field) -> str:
    """A setting with its type, default and bounds."""
    type_ = entry.type if isinstance(entry.type, str) else inspect.formatannotation(entry.type)
    low, high = entry.metadata["minimum"], entry.metadata["maximum"]
    bounds = "" if low is high is None else f" from {low} to {high}"
    return f"{entry.name}: {type_} = {entry.default!r}{bounds}"


def members(name: str, kind: type) -> list[str]:
    """What an error is derived from, what a class offers."""
    if issubclass(kind, Exception):
        bases = ", ".join(base.__name__ for base in kind.__bases__)
        return [f"{name}({bases}), exit code {kind.exit_code}"]
    if name.endswith("Settings"):
        return [f"{name}.{field(entry)}" for entry in dataclasses.fields(kind)]
    if dataclasses.is_dataclass(kind):
        lines = [f"{name}.{entry.name}" for entry in dataclasses.fields(kind)]
    else:
        lines = [f"{name}{parameters(kind)}"]
    for member, value in inspect.getmembers(kind):
        if isinstance(value, property):
            lines.append(f"{name}.{member}")
        elif inspect.isfunction(value):
            lines.append(f"{name}.{member}{parameters(value)}")
    return [line for line in lines if not line.startswith(f"{name}._")]


def public_api() -> str:
    lines = []
    for name in sorted(impasto.__all__):
        value = getattr(impasto, name)
        if inspect.isclass(value):
            lines += members(name, value)
        elif callable(value):
            lines.append(f"{name}{parameters(value)}")
        else:
            lines.append(name)
    return "\n".join(lines) + "\n"


def test_nothing_public_has_changed():
    recorded, found = SNAPSHOT.read_text("utf-8").splitlines(), public_api().splitlines()
    changed = [f"- {line}" for line in recorded if line not in found]
    changed += [f"+ {line}" for line in found if line not in recorded]
    assert not changed, "\n".join([*changed, __doc__])


if __name__ == "__main__":
    SNAPSHOT.write_text(public_api(), "utf-8")
