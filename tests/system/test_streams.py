import os

from impasto.system import streams


def test_only_the_program_is_silenced(capfd, monkeypatch):
    monkeypatch.setattr(streams, "_is_program", False)
    with streams.silenced():
        os.write(2, b"seen ")
    streams.run_as_program()
    with streams.silenced():
        os.write(2, b"not seen")
    os.write(2, b"seen again")
    assert capfd.readouterr().err == "seen seen again"
