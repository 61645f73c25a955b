"""The studio: a page in the browser."""

from pathlib import Path

from fastapi import FastAPI

from impasto.web.api import Server


def mount(app: FastAPI, server: Server, folder: Path) -> FastAPI:
    """Put the studio at / of the application."""
    import gradio

    return app
