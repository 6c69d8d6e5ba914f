"""A shipper's logo: made harmless, on its desk and papers, and nobody else's."""

import hashlib
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from apps.documents.logo import logo_content, logo_uri
from apps.documents.models import Logo
from apps.tenancy import doorway


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    settings.STORE_DIR = tmp_path / "store"


def picture(size=(900, 300), kind="PNG", colour=(200, 30, 60)):
    """A picture with something in it that is none of anybody's business."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "taken at 26.1 S 28.2 E")
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, kind, **({"pnginfo": told} if kind == "PNG" else {}))
    return written.getvalue()


def send(client, content, name="logo.png"):
    return client.post("/logo/", {"file": SimpleUploadedFile(name, content)})


@pytest.fixture
def ada(browse):
    return browse("ada@acme.example", "acme")


def test_a_logo_is_painted_anew_kept_by_its_content_and_shown_on_the_desk(ada, acme):
    assert send(ada, picture()).status_code == 302

    page = ada.get("/logo/").content.decode()
    with doorway.enter_shipper(acme):
        row, kept = Logo.objects.get(), logo_content()
    shown = Image.open(io.BytesIO(kept))
    assert (shown.format, shown.size, shown.text) == ("PNG", (640, 213), {})
    assert row.path.endswith(f"/documents/{row.sha256[:2]}/{hashlib.sha256(kept).hexdigest()}")
    assert f'src="/logo/picture/?v={row.sha256[:16]}"' in page
    answer = ada.get("/logo/picture/")
    assert (answer.content, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        kept,
        "image/png",
        "nosniff",
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"%PDF-1.7\n%%EOF", ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", ""),
        (picture()[:200], "damaged"),
        (picture((31, 400)), "31 × 400 pixels"),
        (b"x" * (2 * 1024 * 1024 + 1), "at most 2 MB"),
    ],
)
def test_what_is_no_logo_is_refused_in_words_and_the_one_there_is_stays(ada, acme, content, says):
    send(ada, picture())

    answer = send(ada, content)

    assert 400 <= answer.status_code < 500
    assert says in answer.content.decode()
    with doorway.enter_shipper(acme):
        assert Image.open(io.BytesIO(logo_content())).size == (640, 213)


def test_only_administrators_set_it_and_take_it_away(browse, ada, acme):
    send(ada, picture())

    for email in ("alice@acme.example", "arthur@acme.example"):
        theirs = browse(email, "acme")
        assert [send(theirs, picture()).status_code, theirs.post("/logo/remove/").status_code] == [403, 403]
        assert theirs.get("/logo/picture/").status_code == 200
    assert ada.post("/logo/remove/").status_code == 302
    with doorway.enter_shipper(acme):
        assert (Logo.objects.count(), logo_uri()) == (0, "")


def test_another_shipper_s_people_and_papers_never_show_it(browse, ada, acme, globex):
    send(ada, picture(colour=(1, 2, 3)))
    gina = browse("gina@globex.example", "globex")

    assert gina.get("/logo/picture/").status_code == 404
    assert "bar__logo" not in gina.get("/logo/").content.decode()
    stranger = browse("gina@globex.example", "acme").get("/logo/picture/")
    assert (stranger.status_code, stranger["Location"]) == (302, "/account/login/?next=/logo/picture/")
    send(gina, picture(colour=(250, 250, 1)))
    with doorway.enter_shipper(globex):
        theirs = logo_content()
    with doorway.enter_shipper(acme):
        assert logo_content() != theirs
        path = Logo.objects.get().path
    with doorway.enter_shipper(globex):
        Logo.objects.update(path=path)
        with pytest.raises(Exception, match="no such file"):
            logo_content()
