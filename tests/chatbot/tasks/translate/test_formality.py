"""Formal or informal: what the model is told, and what is said of a translation in the other form."""

from threading import Event

import pytest

from chatbot.common.errors import InputError
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.translate.check import check
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.formality import FORMS, Formality, other_form
from chatbot.tasks.translate.order import form_of
from chatbot.tasks.translate.prompt import messages
from chatbot.tasks.translate.run import segments
from chatbot.tasks.translate.work import Order

SAID: list[tuple[str, str, str, str, str]] = [
    ("de", "You can change your order.", "Sie können Ihre Bestellung ändern.", "Du kannst deine Bestellung ändern.", "The order can be changed."),
    ("de", "Can you help us?", "Können Sie uns helfen?", "Kannst du uns helfen?", "She has lost her keys."),
    ("es", "How are you?", "¿Cómo está usted?", "¿Cómo estás tú?", "Su casa es grande."),
    ("fr", "Your file is ready.", "Votre fichier est prêt.", "Ton fichier est prêt.", "Le ton de la lettre."),
    ("fr", "Click here.", "Cliquez ici.", "Clique ici, et tu verras.", "Va-t'en chez le voisin. Assez !"),
    ("it", "This is for you.", "Questo è per Lei.", "Questo è per te.", "La Repubblica è qui."),
    ("nl", "Your file is ready.", "Uw bestand is klaar.", "Je bestand is klaar.", "Het bestand is klaar."),
    ("pl", "Thank you for your order.", "Dziękujemy Panu za zamówienie.", "Dziękujemy ci, że twoje zamówienie.", "Zamówienie jest gotowe."),
    ("pt", "Can you come?", "O senhor pode vir?", "Você pode vir?", "O arquivo está pronto."),
    ("ru", "Your file is ready.", "Ваш файл готов.", "Твой файл готов.", "Новый творог готов."),
    ("zh-hans", "Can you come?", "您能来吗？", "你能来吗？", "你们能来吗？"),
    ("zh-hant", "Your file is ready.", "您的檔案好了。", "你的檔案好了。", "檔案好了。"),
    ("ja", "The file is ready.", "ファイルの準備ができました。", "ファイルの準備ができたよ。準備だ。", "ファイル"),
    ("ko", "The file is ready.", "파일이 준비되었습니다.", "파일이 준비됐어.", "파일"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "source", "formal", "informal", "neither"), SAID)
def test_the_other_form_is_told_and_the_wanted_one_and_none_are_not(
    code: str, source: str, formal: str, informal: str, neither: str
) -> None:
    assert other_form(source, formal, code, "informal") and other_form(source, informal, code, "formal")
    for wanted, found in (("formal", formal), ("informal", informal), ("formal", neither), ("informal", neither)):
        assert not other_form(source, found, code, wanted), (wanted, found)  # type: ignore[arg-type]
    assert not other_form(source, formal, code, "") and not other_form(source, informal, code, "")


def test_where_a_sentence_begins_sie_may_be_she() -> None:
    assert other_form("You are late.", "Sie sind spät.", "de", "informal") == "Sie"
    assert not other_form("They are late.", "Sie sind spät.", "de", "informal")
    assert not other_form("Tell your mother that she is late.", "Sie ist spät.", "de", "informal")


def test_the_prompt_speaks_of_a_form_only_where_one_was_asked_for() -> None:
    plain = messages("Your file.", "en", "de")[0].content
    assert "Address" not in plain
    for wanted, name in (("formal", "Sie"), ("informal", "du")):
        told = messages("Your file.", "en", "de", None, wanted)[0].content  # type: ignore[arg-type]
        assert told.splitlines() == [*plain.splitlines(), f"Address the reader {wanted}ly ({name})."]
    assert messages("Datei.", "de", "en", None, "formal") == messages("Datei.", "de", "en")


def test_a_form_that_the_language_lacks_is_refused() -> None:
    assert [form_of(said, "de") for said in ("", "default", "Formal", " informal ")] == ["", "", "formal", "informal"]
    for said, target in (("formal", "en"), ("rude", "de")):
        with pytest.raises(InputError) as refused:
            form_of(said, target)
        assert refused.value.kind == "no_formality" and ", ".join(sorted(FORMS)) in str(refused.value)


@pytest.mark.parametrize(("wanted", "told"), [("formal", ["formality"]), ("informal", []), ("", [])])
def test_a_translation_says_so_also_of_a_remembered_one(wanted: Formality, told: list[str]) -> None:
    segment, said = Segment("Your file is ready."), "Deine Datei ist fertig."
    assert [flag.code for flag in check(segment, said, "de", formality=wanted)] == told
    for engine, memory in ((ScriptedEngine([said]), {}), (ScriptedEngine(), {segment.text: said})):
        steps = segments(engine, [segment], Order("en", "de", formality=wanted), memory=memory, stop=Event())
        (done,) = [one for step in steps for one in step.finished.values()]
        assert done.text == said and [flag.code for flag in done.flags] == told
