"""What an owner keeps for translations: terms out of files, corrected segments that are used again; and several files at once."""

import io
import zipfile
from pathlib import Path
from threading import Event

import pytest

from chatbot.common.errors import InputError
from chatbot.store.store import Store
from chatbot.tasks.translate import bilingual
from chatbot.tasks.translate.files.bundle import MOST, is_bundle, packed, unpacked
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.files.subtitles import spans as cues
from chatbot.tasks.translate.files.subtitles import written
from chatbot.tasks.translate.jobs import Translations
from chatbot.tasks.translate.own import glossary, memory
from chatbot.tasks.translate.text import Pair
from tests.chatbot.tasks.pseudo import engine
from tests.chatbot.tasks.translate.test_work import finished

pytestmark = pytest.mark.slow

TBX = """<?xml version="1.0"?><martif type="TBX"><text><body><termEntry>
<langSet xml:lang="en"><tig><term>press</term></tig></langSet><langSet xml:lang="de-DE"><tig><term>Kelter</term></tig></langSet>
<langSet xml:lang="fr"><tig><term>pressoir</term></tig></langSet></termEntry></body></text></martif>"""
TBX_3 = """<tbx xmlns="urn:iso:std:iso:30042:ed-2" type="TBX-Core"><text><body><conceptEntry id="1">
<langSec xml:lang="en"><termSec><term>orchard</term></termSec></langSec>
<langSec xml:lang="de"><termSec><term>Obstgarten</term></termSec></langSec></conceptEntry></body></text></tbx>"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "b.db")


@pytest.mark.parametrize(
    ("name", "data", "lines"),
    [
        ("t.csv", "source,target\npress,Kelter\nBanyan,\n", "press = Kelter\nBanyan"),
        ("t.csv", "press;Kelter;noted by Ann\n", "press = Kelter"),
        ("t.tsv", "苹果\tapple\n", "苹果 = apple"),
        ("t.tbx", TBX, "press = Kelter"),
        ("t.tbx", TBX_3, "orchard = Obstgarten"),
    ],
)
def test_terms_of_a_file(name: str, data: str, lines: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(data, "utf-8")
    assert glossary.lines(tmp_path / name, "en" if data[0] != "苹" else "zh", "de") == lines


@pytest.mark.parametrize(
    "data", [b"", b"<tbx><broken", b"<a><b/></a>", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>']
)
def test_a_file_without_terms_is_told(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.tbx").write_bytes(data)
    with pytest.raises(InputError) as refused:
        glossary.lines(tmp_path / "t.tbx", "en", "de")
    assert refused.value.kind == "glossary_file"


def test_a_corrected_segment_is_used_again_by_its_owner_for_its_languages(store: Store) -> None:
    memory.learn(store, "ann", "en", "de", {"The press runs.": "Die Kelter läuft."})
    recall = memory.of(store, "ann")
    found = finished(engine(), "The press runs.\n\nThe hall has two doors.", source="en", recall=recall)
    assert found.text == "Die Kelter läuft.\n\nTHE HALL HAS TWO DOORS."
    for other in (memory.of(store, "eve"), lambda source, target: recall(source, "fr")):
        assert "Kelter" not in finished(engine(), "The press runs.", source="en", recall=other).text
    memory.learn(store, "ann", "en", "de", {"The press runs.": "Die Presse läuft."})
    assert recall("en", "de") == {"The press runs.": "Die Presse läuft."}
    assert memory.recalled(Segment("The <1>press</1> runs."), {"The <1>press</1> runs.": "Die Kelter läuft."}) is None


def test_the_memory_has_an_end(store: Store) -> None:
    memory.learn(
        store, "ann", "en", "de", {f"{n}": "x" for n in range(memory.MOST + 5)} | {"long": "x" * (memory.LONGEST + 1)}
    )
    kept = memory.of(store, "ann")("en", "de")
    assert len(kept) == memory.MOST and "0" not in kept and "long" not in kept


def test_a_file_is_corrected_segment_by_segment(tmp_path: Path) -> None:
    path = tmp_path / "t.md"
    path.write_text("# Two trees\n\nThey stand by the *old* river.\n", "utf-8")
    jobs = Translations(tmp_path / "jobs")
    asked = engine()
    job = jobs.add(asked, "ann", path, "t.md", target="de", source="en")
    for _ in jobs.run(asked, "ann", job.id, stop=Event()):
        pass
    rows = {row.at: row for row in jobs.rows("ann", job.id)}
    assert rows[1].source == "They stand by the <1>old</1> river."
    with pytest.raises(InputError) as refused:
        jobs.correct("ann", job.id, {1: "Sie stehen am alten Fluss."})
    assert refused.value.kind == "edit_tags"
    changed = jobs.correct("ann", job.id, {0: rows[0].target, 1: "Sie stehen am <1>alten</1> Fluss.", 9: "nowhere"})
    assert changed == {rows[1].source: "Sie stehen am <1>alten</1> Fluss."}
    assert jobs.result("ann", job.id).decode() == "# TWO TREES\n\nSie stehen am *alten* Fluss.\n"


def test_an_archive_is_unpacked_and_its_names_are_no_paths(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/one.md", "../../two.md", "b/one.md", "__MACOSX/._one.md", ".hidden/x.md", "empty/"):
            archive.writestr(name, name)
    assert is_bundle(path)
    found = unpacked(path, tmp_path)
    assert [one.name for one in found] == ["one.md", "two.md", "one.md"]
    assert all(one.resolve().is_relative_to(tmp_path) for one in found)
    with zipfile.ZipFile(io.BytesIO(packed((one.name, one.read_bytes()) for one in found))) as again:
        assert again.namelist() == ["one.md", "two.md", "one (2).md"]
    path.rename(tmp_path / "letter.docx")
    assert not is_bundle(tmp_path / "letter.docx")


def test_an_archive_of_too_many_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(MOST + 1):
            archive.writestr(f"{number}.md", "x")
    with pytest.raises(InputError) as refused:
        unpacked(path, tmp_path)
    assert refused.value.kind == "bundle"


def test_both_languages_side_by_side() -> None:
    page = bilingual.as_html("a <b>", "en", "ar", ("English", "Arabic"), [Pair("Two <trees>", "شجرتان")]).decode()
    assert "<h1>a &lt;b&gt;</h1>" in page and "Two &lt;trees&gt;" in page
    assert '<td lang="ar" dir="rtl">شجرتان</td>' in page


def test_a_subtitle_line_is_as_wide_as_is_wanted() -> None:
    source = "1\n00:00:01,000 --> 00:00:03,000\nShort.\n"
    (cue,) = cues(source)
    said = "This is a rather long sentence that has to be broken somewhere."
    for width in (20, 42):
        lines = written(source, [(cue, said)], width).splitlines()[2:]
        assert max(map(len, lines)) <= width
        assert " ".join(lines) == said
    han = written(source, [(cue, "这是一个相当长的句子，需要在某处断开才能显示。")], 28).splitlines()[2:]
    assert max(map(len, han)) <= 12
