"""The journal of a save: complete entries are used, changes are detected."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from datastore_sdk.data.saving.journal import Journal, JournalEntry
from datastore_sdk.exceptions import ResumeError

WANTED: dict[str, Any] = {
    "service": "https://app.restreamsolutions.com",
    "queries": [{"site": 981, "start_datetime": "2025-09-18T12:00:00+00:00", "fields": ["a", "b"]}],
}
BATCHES = [[b'{"a":1}'], [b'{"a":2}', b'{"b": "\\u001e",\n "c":"\xc3\xa9"}'], [b'{"a":3,"b":"}\\n{"}'], []]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.json.partial"


def write(path: Path, batches: list[list[bytes]] = BATCHES, wanted: dict[str, Any] = WANTED) -> list[int]:
    """Append entries; return the offsets of all entries, and of the end."""
    with closing(Journal(path, wanted)) as journal:
        places = [journal.first_offset, *(entry.end for entry in entries(journal))]
        journal.truncate(places[-1])
        for batch in batches:
            journal.append(7, [*map(msgspec.Raw, batch)])
            places.append(path.stat().st_size)
    return places


def entries(journal: Journal) -> Iterator[JournalEntry]:
    start = journal.first_offset
    while found := journal.read(start):
        yield from found
        start = found[-1].end


def read(path: Path, wanted: dict[str, Any] = WANTED) -> list[list[bytes]]:
    with closing(Journal(path, wanted)) as journal:
        return [[*map(bytes, entry.texts)] for entry in entries(journal)]


def test_appended_entries_are_read(path: Path) -> None:
    write(path)
    assert read(path) == BATCHES
    write(path, [[b'{"later":1}']])
    assert read(path) == [*BATCHES, [b'{"later":1}']]


def test_journal_is_readable_text(path: Path) -> None:
    write(path)
    lines = path.read_text("utf-8").split("\n")
    assert lines[0] == "restream-partial 1"
    assert "app.restreamsolutions.com" in path.read_text("utf-8")
    assert any(json.loads(line.removeprefix("\x1e")) == {"a": 1} for line in lines if line.startswith("\x1e"))


def test_reading_changes_nothing(path: Path) -> None:
    """A save may be cancelled while it reads, or find the file damaged."""
    write(path)
    before = path.read_bytes()
    with closing(Journal(path, WANTED)) as journal:
        journal.read(journal.first_offset)
    assert path.read_bytes() == before


def test_many_records_are_read_in_pieces(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datastore_sdk.data.saving.journal._READ_BYTES", 1000)
    batches = [[b'{"number":%d}' % number] for number in range(500)]
    write(path, batches)
    with closing(Journal(path, WANTED)) as journal:
        assert 0 < len(journal.read(journal.first_offset)) < 50
    assert read(path) == batches


def test_journal_without_records_is_deleted(path: Path) -> None:
    write(path, [])
    assert not path.exists()


@pytest.mark.parametrize("last", BATCHES[:3], ids=range(3))
def test_incomplete_block_is_cut_off(path: Path, last: list[bytes]) -> None:
    *_, start, end = write(path, [*BATCHES[:2], last])
    whole = path.read_bytes()
    for place in range(start, end):
        path.write_bytes(whole[:place])
        assert read(path) == BATCHES[:2]
        write(path, [[b'{"rest":1}']])
        assert read(path) == [*BATCHES[:2], [b'{"rest":1}']]


def test_incomplete_header_is_rewritten(path: Path) -> None:
    first = write(path)[0]
    whole = path.read_bytes()
    for place in range(first):
        path.write_bytes(whole[:place])
        write(path, [[b'{"new":1}']])
        assert read(path) == [[b'{"new":1}']]


def test_changed_bit_is_detected(path: Path) -> None:
    *_, last, end = write(path, BATCHES[:3])
    whole = path.read_bytes()
    assert len(whole) == end
    for place in range(len(whole)):
        for bit in (1, 64):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            if place < last:
                with pytest.raises(ResumeError, match="delete it") as caught:
                    read(path)
                assert str(path) in str(caught.value)
                assert caught.value.path == path
            else:
                assert read_damaged_end(path) == BATCHES[:2]


def read_damaged_end(path: Path) -> list[list[bytes]]:
    """Read a file whose last entry is damaged: an incomplete block, or a changed header."""
    try:
        return read(path)
    except ResumeError:
        return BATCHES[:2]


@pytest.mark.parametrize("edit", ["shortened", "added", "taken out", "doubled", "text"])
def test_edited_file_is_refused(path: Path, edit: str) -> None:
    first, second, third, *_ = write(path, BATCHES[:3])
    whole = path.read_bytes()
    path.write_bytes(
        {
            "shortened": whole[: second - 3] + whole[second:],
            "added": whole[:second] + b"\n" + whole[second:],
            "taken out": whole[:second] + whole[third:],
            "doubled": whole[:second] + whole[first:],
            "text": whole.replace(b'{"a":2}', b'{"a":5}'),
        }[edit]
    )
    with pytest.raises(ResumeError, match=r"damaged or was edited.* delete it to start again, or save to another path"):
        read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[\n1,2]", "is a file of another program"),
        (b"restream-partial 2\nwhatever", "is a file of another version of this SDK"),
        (b"\0" * 100, "is a file of another program"),
    ],
)
def test_foreign_file_is_refused(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(ResumeError, match=message):
        Journal(path, WANTED)
    assert path.read_bytes() == content


QUERY = WANTED["queries"][0]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({**WANTED, "service": "http://127.0.0.1:1"}, "the service is http://127.0.0.1:1 and was https://app.restream"),
        ({**WANTED, "queries": []}, "the number of intervals is 0 and was 1"),
        ({**WANTED, "queries": [{**QUERY, "site": 982}]}, "site is 982 and was 981"),
        ({**WANTED, "queries": [{**QUERY, "fields": ["a"]}]}, r"fields is \['a'\] and was \['a', 'b'\]"),
        ({**WANTED, "queries": [{**QUERY, "end_datetime": "2025"}]}, "end_datetime is 2025 and was not given"),
        ({**WANTED, "queries": [{**QUERY, "pad": 1, "site": None}]}, "site is not given and was 981, pad is 1 and was"),
    ],
)
def test_different_query_is_refused(path: Path, wanted: dict[str, Any], message: str) -> None:
    write(path)
    before = path.read_bytes()
    with pytest.raises(ResumeError, match=message):
        Journal(path, wanted)
    assert path.read_bytes() == before


def test_different_query_without_records_starts_again(path: Path) -> None:
    first = write(path)[0]
    path.write_bytes(path.read_bytes()[:first])
    other = {**WANTED, "service": "http://127.0.0.1:1"}
    write(path, BATCHES[:1], other)
    assert read(path, other) == BATCHES[:1]


def test_second_opening_is_refused(path: Path) -> None:
    write(path)
    with closing(Journal(path, WANTED)) as journal:
        journal.truncate([*entries(journal)][-1].end)
        with pytest.raises(ResumeError, match="is in use") as caught:
            Journal(path, WANTED)
        assert str(path) in str(caught.value)
    assert read(path) == BATCHES


def test_forked_process_does_not_keep_the_lock(path: Path) -> None:
    write(path)
    journal = Journal(path, WANTED)
    journal.truncate([*entries(journal)][-1].end)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.read(reading, 1)
        os._exit(0)
    journal.close()
    try:
        assert read(path) == BATCHES
    finally:
        os.write(writing, b".")
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)


def test_journal_deleted_before_its_lock_is_recreated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its holder finishes after this process opens it and before it locks it."""
    removals = [path]

    def late(_: object) -> None:
        for removal in removals:
            removal.unlink()
        removals.clear()

    monkeypatch.setattr("datastore_sdk.data.saving.journal.lock_file", late)
    write(path)
    assert read(path) == BATCHES


@contextmanager
def full_disk(journal: Journal, room: int) -> Generator[None]:
    """Let the disk be full after some bytes."""
    real = journal._file

    class Full:
        def write(self, data: memoryview) -> int:
            nonlocal room
            if room <= 0:
                raise OSError(28, "No space left on device")
            written = real.write(data[:room])
            room -= written
            return written

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    journal._file = Full()  # type: ignore[assignment]
    try:
        yield
    finally:
        journal._file = real


@pytest.mark.parametrize("room", [0, 1, 50])
def test_append_on_full_disk_keeps_earlier_entries(path: Path, room: int) -> None:
    with closing(Journal(path, WANTED)) as journal:
        journal.append(7, [msgspec.Raw(b'{"a":1}')])
        with full_disk(journal, room), pytest.raises(OSError, match=f"No space left on device: '{path}'"):
            journal.append(7, [msgspec.Raw(b'{"a":2}')])
        journal.append(7, [msgspec.Raw(b'{"a":3}')])
    assert read(path) == [[b'{"a":1}'], [b'{"a":3}']]


@contextmanager
def interrupt_after_write(journal: Journal) -> Generator[None]:
    """Let Ctrl-C come as soon as bytes are written."""
    real = journal._file

    class Interrupted:
        def write(self, data: memoryview) -> int:
            real.write(data)
            raise KeyboardInterrupt

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    journal._file = Interrupted()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        yield
    journal._file = real


@pytest.mark.parametrize("earlier", [0, 1])
def test_interrupt_after_write_keeps_entry(path: Path, earlier: int) -> None:
    with closing(Journal(path, WANTED)) as journal:
        for _ in range(earlier):
            journal.append(7, [msgspec.Raw(b'{"a":1}')])
        with interrupt_after_write(journal):
            journal.append(7, [msgspec.Raw(b'{"a":2}')])
    assert read(path) == [[b'{"a":1}']] * earlier + [[b'{"a":2}']]


def test_interrupt_before_the_end_is_noted_keeps_entry(path: Path) -> None:
    with closing(Journal(path, WANTED)) as journal:
        journal.append(7, [msgspec.Raw(b'{"a":1}')])
        journal._end = journal.first_offset
    assert read(path) == [[b'{"a":1}']]


def test_unwritable_folder_raises() -> None:
    folder = Path("/sys/kernel")
    if not folder.is_dir():
        pytest.skip("needs a folder in which not even root can make a file")
    with pytest.raises(OSError, match=r"/sys/kernel/records\.json\.partial"):
        Journal(folder / "records.json.partial", WANTED)


def test_full_disk_leaves_no_journal(path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(OSError, match=f"File too large: '{path}'"):
            Journal(path, WANTED)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not path.exists()


def test_journal_is_private(path: Path) -> None:
    write(path)
    assert path.stat().st_mode & 0o077 == 0


def test_sync_is_due_after_enough_bytes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datastore_sdk.data.saving.journal._MAX_UNSYNCED_BYTES", 100)
    with closing(Journal(path, WANTED)) as journal:
        due: list[bool] = []
        for _ in range(6):
            journal.append(7, [msgspec.Raw(b"{}")])
            due.append(journal.is_sync_due)
            if journal.is_sync_due:
                journal.sync()
    assert due == [False, True] * 3
