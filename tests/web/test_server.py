import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from impasto.errors import OutputError
from impasto.web.server import listen, url

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C")

SECONDS = 5
"""Of a processor's work, at most, until the server answers: other work must not disturb this."""


@contextmanager
def program(*words, folder=None):
    """`impasto web` in a process of its own; its address, when it listens, and the process."""
    command = [sys.executable, "-m", "impasto", "web", "--no-browser", "--port", "0", *words]
    environment = os.environ | ({} if folder is None else {"TMPDIR": str(folder)})
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        line = process.stdout.readline()
        found = re.match(r"impasto: (http://\S+) \(Ctrl-C ends it\)\n", line)
        assert found, line + process.stderr.read()
        yield found[1], process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def test_it_listens_on_this_machine_alone():
    with program("--no-ui") as (address, _):
        port = int(address.rpartition(":")[2])
        assert address == f"http://127.0.0.1:{port}"
        assert httpx.get(f"{address}/api/health", trust_env=False).json()["status"] == "ok"
        if not Path("/proc/net/tcp").exists():
            return
        own = [*Path("/proc/net/tcp").read_text().splitlines()]
        own += [*Path("/proc/net/tcp6").read_text().splitlines()]
        listening = [line.split()[1] for line in own if line.split()[3] == "0A"]
        assert [place for place in listening if place.endswith(f":{port:04X}")] == [
            f"0100007F:{port:04X}"
        ]


@pytest.mark.parametrize("words", [["--no-ui"], []], ids=["API", "studio"])
def test_it_starts_quickly(words):
    resource = pytest.importorskip("resource")  # which Windows lacks
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with program(*words) as (address, process):
        assert httpx.get(address + "/api/health", trust_env=False).status_code == 200
        process.kill()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < SECONDS


def test_ctrl_c_ends_it_without_a_word_and_without_a_file(tmp_path):
    with program("--no-ui", folder=tmp_path) as (_, process):
        assert len([*tmp_path.iterdir()]) == 1
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert (process.returncode, said) == (130, "")
    assert [*tmp_path.iterdir()] == []


def test_ctrl_c_ends_it_while_it_paints(tmp_path, photo_bytes):
    fields = {"style": "great-wave", "steps": "100000", "size": "32", "encoder": "compact"}
    with program("--no-ui", folder=tmp_path) as (address, process):
        files = {"photo": photo_bytes}
        answer = httpx.post(
            f"{address}/api/optimize", files=files, data=fields, trust_env=False, timeout=60
        )
        job = f"{address}/api/jobs/{answer.json()['id']}"
        while httpx.get(job, trust_env=False, timeout=60).json()["state"] == "waiting":
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130, said
    ours = [path for path in tmp_path.iterdir() if not path.name.startswith("torch")]  # its caches
    assert ours == []


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OutputError) as told:
            listen("127.0.0.1", port)
    reason = os.strerror(errno.EADDRINUSE).lower()
    line = f"cannot listen on 127.0.0.1, port {port}: {reason}; choose another --host or --port"
    assert str(told.value) == line


def test_an_address_of_another_machine():
    with pytest.raises(OutputError, match=r"cannot listen on 192\.0\.2\.1, port 0: "):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_the_address_that_a_browser_opens(host, address):
    assert url(host, 80) == address


def test_it_listens_on_ipv6_where_there_is_any():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as problem:
        assert problem.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
        pytest.skip("no IPv6 here")
    with listen("::1", 0) as listening:
        assert listening.family == socket.AF_INET6
