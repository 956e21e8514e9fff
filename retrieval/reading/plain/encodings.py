"""Bytes -> text. What is certain comes first: byte order marks, then strict UTF-8; only the rest is guessed.

The legacy encodings of East Asia accept nearly any bytes, so each candidate is judged by how many of the characters that it
yields are among the commonest of its language; charset-normalizer decides among the single-byte ones.
"""

import codecs
import re
from dataclasses import dataclass

_SAMPLE = 64 << 10
_ENOUGH = 0.25  # of the characters beyond ASCII are among the commonest: running text reaches 0.4, a wrong guess 0.1
_PLAUSIBLE = 0.9  # of the letters beyond ASCII belong to the languages of a single-byte encoding
_SINGLE = ("cp1252", "cp1251", "koi8_r", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同"
    "现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最"
    "重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入"
    "，。、；：？！“”（）《》"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同"
    "現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最"
    "重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入"
    "，。、；：？！「」（）《》『』"
)
_JAPANESE = "".join(map(chr, [*range(0x3041, 0x3094), *range(0x30A1, 0x30FD)])) + (
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学問高代明実円関"
    "決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強気小七成期公野協取都和統以機平総加山思家話世受区領多県続進"
    "、。「」・（）"
)
_KOREAN = (
    "이다는을의에가고를하지로도은기어사한리나자인그서시아해일정대라스들과있부수원전게만상장보여주구제와면안공러국오치으었에서까트우동"
    + ("비신마였적된선세소화연모조유경관위미방문때습니했당발성년내물프드르경계개무민학산양여입차중진")
)
_MOST = frozenset(_SIMPLIFIED + _TRADITIONAL + _JAPANESE + _KOREAN)
_COMMON: tuple[tuple[str, frozenset[str]], ...] = (
    ("gb18030", frozenset(_SIMPLIFIED)),
    ("big5hkscs", frozenset(_TRADITIONAL)),
    ("cp950", frozenset(_TRADITIONAL)),
    ("cp932", frozenset(_JAPANESE)),
    ("euc_jp", frozenset(_JAPANESE)),
    ("cp949", frozenset(_KOREAN)),
    ("utf-16-le", _MOST),
    ("utf-16-be", _MOST),
)
_PUNCTUATION = "‘’“”„–—…«»°·§€"
_LETTERS = (
    ("cp1252", frozenset("áàâäãåæçéèêëíìîïñóòôöõøœúùûüßÁÀÂÄÅÆÇÉÈÊÍÎÓÔÖØÚÜÑ¿¡" + _PUNCTUATION)),
    ("cp1254", frozenset("çğıöşüâîûÇĞİÖŞÜ" + _PUNCTUATION)),
    ("cp1250", frozenset("áäąâăćčçďđéęëěíîłľńňóôöőřśšşťţúůüűýźżžÁÄĂĆČĎÉĘÍÎŁŃÓÔÖŐŘŚŠŞŤŢÚŮÜŰÝŹŻŽß" + _PUNCTUATION)),
)
_WIDE = _MOST | frozenset(" \n\r\t.,:;!?()-'\"0123456789esaintroоеаинт")
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """`certain` is False when the encoding was guessed; `undecodable` counts the characters that became U+FFFD."""

    text: str
    encoding: str
    certain: bool
    undecodable: int = 0


def decode(data: bytes, *, declares: bool = False) -> Decoded:
    """`declares`: the format may name its own encoding near its beginning, as HTML does."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _decoded(data, name, certain=True)
    try:
        if b"\0" not in data[:_SAMPLE]:
            return Decoded(data.decode("utf-8"), "utf-8", certain=True)
    except UnicodeDecodeError:
        pass
    if wide := _without_mark(data[:_SAMPLE]):
        return _decoded(data, wide, certain=False)
    declared = _declared(data[:4096]) if declares else None
    if declared and (told := _decoded(data, declared, certain=True)).undecodable == 0:
        return told
    guess = _legacy(data) or _mostly_utf8(data) or _single_byte(data)
    return _decoded(data, guess, certain=False)


def _decoded(data: bytes, name: str, *, certain: bool) -> Decoded:
    text = data.decode(name, errors="replace")
    lost = text.count("\ufffd") - (data.count("\ufffd".encode()) if name.startswith("utf-8") else 0)
    return Decoded(text, name.removesuffix("-sig"), certain, max(0, lost))


def _declared(head: bytes) -> str | None:
    found = _DECLARED.search(head)
    if not found:
        return None
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return None
    return {
        "gb2312": "gb18030",
        "gbk": "gb18030",
        "shift_jis": "cp932",
        "iso8859-1": "cp1252",
        "big5": "big5hkscs",
    }.get(name, name)


def _without_mark(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark: the reading with clearly more of the commonest characters."""
    sample = sample[: len(sample) // 4 * 4]
    if b"\0\0\0" in sample:
        for name in ("utf-32-le", "utf-32-be"):
            try:
                sample.decode(name)
            except UnicodeDecodeError:
                continue
            return name
    if b"\0" not in sample:
        return None
    shares = {name: _share(sample.decode(name, errors="replace"), _WIDE) for name in ("utf-16-le", "utf-16-be")}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] > max(0.05, 2 * min(shares.values())) else None


def _share(text: str, common: frozenset[str]) -> float:
    return sum(c in common for c in text) / len(text) if text else 0.0


def _legacy(data: bytes) -> str | None:
    best: str | None = None
    best_share = _ENOUGH
    for name, common in _COMMON:
        text = data[:_SAMPLE].decode(name, errors="replace")
        beyond = "".join(c for c in text if c > "\x7f")
        share = _share(beyond, common)
        if share > best_share and beyond.count("\ufffd") * 100 <= len(beyond) + 100:
            best, best_share = name, share
    return best


def _mostly_utf8(data: bytes) -> str | None:
    """One broken byte does not make a UTF-8 file another: at most one in a hundred characters beyond ASCII is lost."""
    text = data[:_SAMPLE].decode("utf-8", errors="replace")
    beyond = sum(c > "\x7f" for c in text)
    return "utf-8" if text.count("\ufffd") * 100 <= beyond else None


def _single_byte(data: bytes) -> str:
    shares = {name: _letters_share(data, name, letters) for name, letters in _LETTERS}
    likely = max(shares, key=lambda name: shares[name])
    if shares[likely] > _PLAUSIBLE:
        return likely
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE], cp_isolation=list(_SINGLE)).best()
    return best.encoding if best else "cp1252"


def _letters_share(data: bytes, name: str, letters: frozenset[str]) -> float:
    """Of the characters beyond ASCII; none when these are no minority, as in Greek, Cyrillic or Arabic."""
    text = data[:_SAMPLE].decode(name, errors="replace")
    beyond = "".join(c for c in text if c > "\xa0")
    ascii_letters = sum(c.isalpha() for c in text if c < "\x80")
    return _share(beyond, letters) if len(beyond) * 2 < ascii_letters else 0.0
