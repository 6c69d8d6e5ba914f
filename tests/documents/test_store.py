"""The private store: whole files, found by their content, and only by the shipper that put them there."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.documents import store
from apps.tenancy import doorway

CONTENT = b"the secret of acme"


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path):
    settings.STORE_DIR = tmp_path


def files():
    return sorted(
        str(path.relative_to(settings.STORE_DIR))
        for path in Path(settings.STORE_DIR).rglob("*")
        if path.is_file()
    )


def test_what_is_put_is_read_back(at_acme):
    stored = store.put(CONTENT)

    assert (store.read(stored.path), stored.size) == (CONTENT, 18)
    assert stored.path == f"t_acme/documents/{stored.sha256[:2]}/{stored.sha256}"


def test_the_same_content_is_there_once_and_nothing_is_left_beside_it(at_acme):
    assert store.put(CONTENT) == store.put(CONTENT)
    assert len(files()) == 1


def test_a_shippers_file_is_not_there_for_another(acme, globex):
    with doorway.enter_shipper(acme):
        stored = store.put(CONTENT)

    with doorway.enter_shipper(globex), pytest.raises(store.FileNotInStore):
        store.open(stored.path)
    with doorway.enter_shipper(globex), pytest.raises(store.FileNotInStore):
        store.open(stored.path.replace("t_acme", "t_globex"))


def test_the_network_owns_no_files(db):
    with pytest.raises(doorway.UnknownShipper):
        store.put(CONTENT)


@pytest.mark.parametrize(
    "twisted",
    [
        "t_globex/documents/../../{path}",
        "t_globex/../{path}",
        "../{name}/{path}",
        "{root}/{path}",
        "t_globex/documents/{folder}/../../../{path}",
        "{path}\n",
        "{path}\x00",
        "t_globex/documents/{folder}/../{folder}/{digest}",
        "T_ACME/documents/{folder}/{digest}",
        "",
    ],
)
def test_no_path_leads_out_of_a_shippers_folder(acme, globex, twisted):
    with doorway.enter_shipper(acme):
        stored = store.put(CONTENT)
    path = twisted.format(
        path=stored.path,
        root=settings.STORE_DIR,
        name=Path(settings.STORE_DIR).name,
        folder=stored.sha256[:2],
        digest=stored.sha256,
    )

    with doorway.enter_shipper(globex):
        store.put(CONTENT + b", and of globex")
        with pytest.raises(store.FileNotInStore):
            store.open(path)


def test_a_file_that_was_changed_is_noticed_and_put_right_by_putting_it_again(at_acme):
    stored = store.put(CONTENT)
    (Path(settings.STORE_DIR) / stored.path).write_bytes(CONTENT.upper())

    with pytest.raises(store.FileAltered):
        store.open(stored.path)
    store.put(CONTENT)
    assert store.read(stored.path) == CONTENT


def test_a_write_that_fails_leaves_nothing(at_acme, monkeypatch):
    def full(descriptor):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(OSError, match="no space"):
        store.put(CONTENT)
    assert files() == []


def test_only_the_process_may_read_the_files(at_acme):
    target = Path(settings.STORE_DIR) / store.put(CONTENT).path

    assert (oct(target.stat().st_mode & 0o777), oct(target.parent.stat().st_mode & 0o777)) == (
        "0o600",
        "0o700",
    )


class TestInAnObjectStore:
    """The same promises where papers lie in an object store; here one that is kept in memory."""

    @pytest.fixture(autouse=True)
    def _object_store(self, settings):
        backend = "django.core.files.storage.InMemoryStorage"
        settings.STORE_BACKEND = backend
        settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}

    def test_what_is_put_twice_is_read_back_and_there_once(self, at_acme):
        stored = store.put(CONTENT)

        assert store.put(CONTENT) == stored
        assert store.read(stored.path) == CONTENT
        folder = f"t_acme/documents/{stored.sha256[:2]}"
        assert default_storage.listdir(folder) == ([], [stored.sha256])
        assert files() == []

    def test_an_altered_file_is_refused_and_put_right_by_the_next_put(self, at_acme):
        stored = store.put(CONTENT)
        default_storage.delete(stored.path)
        default_storage.save(stored.path, ContentFile(CONTENT[:-1]))

        with pytest.raises(store.FileAltered):
            store.read(stored.path)
        store.put(CONTENT)

        assert store.read(stored.path) == CONTENT

    def test_another_shipper_reaches_none_of_it(self, acme, globex):
        with doorway.enter_shipper(acme):
            stored = store.put(CONTENT)

        for path in (stored.path, stored.path.replace("t_acme", "t_globex")):
            with doorway.enter_shipper(globex), pytest.raises(store.FileNotInStore):
                store.open(path)
