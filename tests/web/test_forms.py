"""Forms that were sent: which are read, and which are refused in one line."""

import asyncio
import io

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from impasto.errors import ImpastoError, InputError, SettingError
from impasto.web.forms import FIELDS, LONGEST_FIELD, Form, read_form
from impasto.web.uploads import Upload

KNOWN = [*FIELDS, "size"]


def form(**texts):
    return Form({name: [text] for name, text in texts.items()}, {})


def upload(name):
    return Upload(io.BytesIO(b"x"), name, "style_file")


def test_fields_that_may_be_given_once():
    sent = Form({"size": [" 64 "], "colour": ["", " "], "seed": ["1", "2"]}, {})
    assert sent.text("size") == "64"
    assert sent.text("colour") is None
    assert sent.text("brush") is None
    with pytest.raises(SettingError, match="seed is given 2 times; give it once"):
        sent.text("seed")


def test_the_photo():
    photo = upload("a.jpg")
    assert Form({}, {"photo": [photo]}).photo is photo
    with pytest.raises(InputError, match="there is no photo; send it as the file photo"):
        _ = Form({}, {}).photo
    with pytest.raises(InputError, match="photo is given 2 times"):
        _ = Form({}, {"photo": [photo, photo]}).photo


def test_styles_by_name_come_before_files_and_each_has_its_weight():
    own = upload("own.png")
    sent = Form({"style": ["irises", " "], "weight": ["3", "1"]}, {"style_file": [own]})
    assert [(style.source, style.weight) for style in sent.styles()] == [("irises", 3), (own, 1)]
    del sent.texts["weight"]
    first, second = (style.weight for style in sent.styles())
    assert first == second, "equal, if none is given"


@pytest.mark.parametrize(
    ("weights", "line"),
    [
        (["1"], "there are 1 weights for 2 styles; give one for each"),
        (["1", "x"], "weight is 'x'; it must be a number"),
        (["1", "-1"], "-1"),
        (["0", "0"], "0"),
    ],
)
def test_wrong_weights(weights, line):
    with pytest.raises(ImpastoError, match=line):
        Form({"style": ["irises", "udnie"], "weight": weights}, {}).styles()


def test_how_the_painting_is_saved():
    saving = form(format="PNG", output_quality="80", strip_metadata="true").saving()
    assert (saving.suffix, saving.quality, saving.strip_metadata) == (".png", 80, True)
    assert form().saving().suffix is None
    with pytest.raises(SettingError, match="format is 'exe'; it can be: "):
        form(format="exe").saving()
    with pytest.raises(SettingError, match="quality is 101"):
        form(output_quality="101").saving()


BOUNDARY = "limit"


def part(name, content, file=None):
    named = f'; filename="{file}"' if file else ""
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def read(*parts, kind=f"multipart/form-data; boundary={BOUNDARY}", end=f"--{BOUNDARY}--\r\n"):
    """Read a form as it comes over the wire."""
    body = b"".join(parts) + end.encode()

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", kind.encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers, "app": None}, receive)
    return asyncio.run(read_form(request, KNOWN))


def test_texts_and_files_come_apart():
    sent = read(
        part("photo", b"\xff\xd8", "../a.jpg"), part("style", b"irises"), part("style", b"udnie")
    )
    assert sent.texts == {"style": ["irises", "udnie"]}
    assert (sent.photo.name, sent.photo.read()) == ("a.jpg", b"\xff\xd8")
    sent.close()
    with pytest.raises(ValueError, match="closed"):
        sent.photo.read()


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ([part("sice", b"64")], "no field 'sice'; did you mean size"),
        ([part("photo", b"not a file")], "photo is a text; send a file"),
        ([part("size", b"64", "size.txt")], "size is a file; send a text"),
    ],
)
def test_a_form_that_cannot_be_meant_is_refused(parts, line):
    with pytest.raises(SettingError, match=line):
        read(*parts)


@pytest.mark.parametrize(
    ("parts", "options", "status"),
    [
        ([part("size", b"64")], {"kind": "application/json"}, 415),
        ([part("size", b"64")], {"kind": "multipart/form-data"}, 400),
        ([part("size", b"6" * (LONGEST_FIELD + 1))], {}, 400),
    ],
    ids=["no form", "no boundary", "a field that is too long"],
)
def test_a_body_that_is_no_whole_form_is_refused(parts, options, status):
    with pytest.raises(HTTPException) as caught:
        read(*parts, **options)
    assert caught.value.status_code == status
