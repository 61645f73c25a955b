import socket
import subprocess
import sys
import threading

import pytest

from impasto.web.guard import HEADERS

from .running import running

KINDS = {"content-type": "multipart/form-data; boundary=b"}


def pieces(count, size):
    """A body that does not say how long it is."""
    yield b'--b\r\nContent-Disposition: form-data; name="photo"; filename="x.jpg"\r\n\r\n'
    for _ in range(count):
        yield bytes(size)


def test_every_answer_has_the_headers(server):
    for path in ("/api/health", "/docs", "/openapi.json", "/api/jobs/none", "/nothing"):
        headers = server.client.get(path).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS, path


def test_the_browser_is_to_ask_nobody_else():
    policy = dict(part.split(" ", 1) for part in HEADERS["content-security-policy"].split("; "))
    for name, sources in policy.items():
        known = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
        assert set(sources.split()) <= known, name


def test_a_body_that_says_it_is_too_large_is_not_read(serve):
    with serve(megabytes=0.1) as server:
        with socket.create_connection(server.address) as connection:
            connection.sendall(
                b"POST /api/stylize HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
            )
            connection.settimeout(10)
            assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
        assert server.client.get("/api/health").status_code == 200


def test_bytes_are_counted_while_they_come_in(serve):
    with serve(megabytes=0.1) as server:
        answer = server.client.post("/api/stylize", content=pieces(11, 10_000), headers=KINDS)
        assert answer.status_code == 413
        assert answer.json() == {"error": "more than 0.1 MB; send a smaller file"}
        assert server.client.get("/api/health").status_code == 200


def test_a_length_that_is_no_number(server):
    with socket.create_connection(server.address) as connection:
        connection.sendall(b"POST /api/stylize HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")
        connection.settimeout(10)
        assert connection.recv(100).startswith(b"HTTP/1.1 4")


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A server that has a name."""
    with running(tmp_path_factory.mktemp("local"), hosts=("localhost", "127.0.0.1")) as told:
        yield told


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "", "[::1", "169.254.1.1"])
def test_other_names_are_refused(local, host):
    """A site's own name may be made to lead to 127.0.0.1."""
    answer = local.client.get("/api/health", headers={"host": host})
    assert answer.status_code == 403
    assert len(answer.json()["error"].splitlines()) == 1


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:7860", "127.0.0.1:1"])
def test_its_own_names_are_answered(local, host):
    assert local.client.get("/api/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_requests_of_other_sites_are_refused(server, photo_bytes, origin):
    answer = server.client.post(
        "/api/stylize",
        files={"photo": photo_bytes},
        data={"style": "irises"},
        headers={"origin": origin},
    )
    assert answer.status_code == 403
    assert answer.json() == {"error": "requests from other sites are refused"}


def test_requests_of_its_own_page_are_answered(server):
    answer = server.client.get("/api/health", headers={"origin": server.url})
    assert answer.status_code == 200


REACHING_OUT = {
    "an address": "socket.create_connection(('192.0.2.1', 80), timeout=1)",
    "IPv6": "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "a name": "socket.getaddrinfo('example.org', 443)",
    "an old look-up": "socket.gethostbyname('example.org')",
    "a datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "a library": "import httpx; httpx.get('http://192.0.2.1/', trust_env=False)",
    "Python's own": "import urllib.request; urllib.request.urlopen('http://192.0.2.1/')",
    "asyncio": "asyncio.run(asyncio.open_connection('192.0.2.1', 80))",
}
"""Ways to talk to other machines; 192.0.2.0/24 and 2001:db8::/32 are nobody's (RFC 5737, 3849)."""


def alone(code):
    """Runs Python for which other machines are out of reach; what it prints."""
    start = "import asyncio, socket\nfrom impasto.web.guard import forbid_outgoing\n"
    words = [sys.executable, "-c", f"{start}forbid_outgoing()\n{code}"]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("way", REACHING_OUT)
def test_other_machines_are_out_of_reach(way):
    done = alone(REACHING_OUT[way])
    assert done.returncode == 1
    assert "impasto web opens no connections to other machines" in done.stderr


def test_this_machine_is_within_reach():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        done = alone(
            f"socket.create_connection(('127.0.0.1', {port})).close()\n"
            f"asyncio.run(asyncio.open_connection('localhost', {port}))\n"
            "a, b = socket.socketpair(); a.sendall(b'x')\n"
            "socket.getaddrinfo('192.0.2.7', 80); socket.getaddrinfo(None, 80)"
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_many_requests_at_a_time_are_answered(server):
    statuses = []

    def ask():
        statuses.append(server.client.get("/api/styles").status_code)

    askers = [threading.Thread(target=ask) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(20)
    assert statuses == [200] * 20
