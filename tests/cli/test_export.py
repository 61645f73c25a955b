import sys
from pathlib import Path

from impasto.training import export
from impasto.training.export import Exported


def test_export(impasto, tmp_path, monkeypatch):
    def exported(weights, out, *, overwrite):
        assert overwrite
        assert weights == Path("painter.safetensors")
        files = [out / "painter.onnx", out / "style_encoder.onnx"]
        for path in files:
            path.write_bytes(bytes(1_500_000))
        return Exported(files, 2.2e-6)

    monkeypatch.setattr(export, "export", exported)
    result = impasto("export", "--weights", "painter.safetensors", "--out", tmp_path, "--overwrite")
    assert result.stdout == (
        f"{tmp_path / 'painter.onnx'}: 1.5 MB\n"
        f"{tmp_path / 'style_encoder.onnx'}: 1.5 MB\n"
        "pixels and statistics differ from PyTorch's by at most 2e-06\n"
    )


def test_errors(fails, tmp_path, monkeypatch):
    words = ("export", "--weights", "nix.safetensors", "--out", tmp_path)
    fails("nix.safetensors: no such file", *words)
    monkeypatch.setitem(sys.modules, "torch", None)
    fails('pip install "impasto[export]"', *words, exit_code=1)
