"""A server that runs in a thread, and what is sent to it and comes back."""

import asyncio
import io
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import uvicorn
from PIL import Image

from impasto.web.api import Server
from impasto.web.app import create_app
from impasto.web.jobs import Jobs
from impasto.web.limits import Limits


class Running:
    """A server that answers."""

    def __init__(self, address, server):
        self.address = address
        self.url = f"http://127.0.0.1:{address[1]}"
        self.jobs = server.jobs
        self.limits = server.limits
        self.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def stylize(self, photo, **fields):
        """The answer to a photo, painted small in great-wave unless fields say otherwise."""
        data = {"style": "great-wave", "size": "64"} | fields
        return self.client.post("/api/stylize", files={"photo": ("photo.jpg", photo)}, data=data)

    def block(self):
        """Keep the painter busy until the event that is given back is set; when it is."""
        started, free = threading.Event(), threading.Event()

        def work(job):
            started.set()
            while not free.wait(0.01):
                job.check()
            raise RuntimeError("of the test's making")

        self.jobs.submit("block", work)
        assert started.wait(10)
        return free


async def mounted(app, server, folder):
    """The application with the studio; without a loop, Gradio makes some and leaves them open."""
    from impasto.web.studio import mount

    return mount(app, server, folder)


@contextmanager
def running(folder, hosts=(), studio=False, **limits):
    """Serve the API in a thread, and the studio if it is wanted."""
    bounds = Limits(**limits)
    server = Server(Jobs(folder / "jobs", bounds), bounds)
    listening = socket.create_server(("127.0.0.1", 0))
    app = create_app(server, hosts)
    if studio:
        with ThreadPoolExecutor(1) as thread:  # as Playwright has a loop in this one
            app = thread.submit(asyncio.run, mounted(app, server, folder / "studio")).result()
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
    program = uvicorn.Server(config)
    thread = threading.Thread(target=program.run, args=([listening],))
    thread.start()
    told = Running(listening.getsockname(), server)
    try:
        yield told
    finally:
        told.client.close()
        server.jobs.close()
        program.should_exit = True
        thread.join(20)
        listening.close()


def encoded(picture, kind="JPEG", **options):
    """The bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def opened(content):
    """The picture in the bytes of a file."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        return picture
