"""Which kind of file this is, and how its text is parted into rows."""

import csv
import json
import zipfile
from dataclasses import replace
from pathlib import Path

from chatbot.common.errors import InputError
from finetune.data.examples import Container, Format
from finetune.data.rows.csv import column_names, separator, split_line
from finetune.data.rows.documents import whole
from finetune.data.rows.json import is_turn, parsed
from finetune.data.rows.source import SAMPLE, Damaged, encoding_name, encoding_of, lines, opened
from finetune.data.rows.tables import STREAM

PROBED = 100  # rows that are looked at to recognise a layout
PACKED = (".gz", ".bz2", ".xz", ".zst")
_DELIMITERS = ",;\t|"
_BINARY: tuple[tuple[bytes, Container], ...] = ((b"PAR1", "parquet"), (b"ARROW1", "arrow"), (STREAM, "arrow"))


def recognised(path: Path, name: str) -> Format:
    """Container and encoding; `name` is what the person calls the file. Raises `InputError`."""
    if path.is_dir():
        return Format("archive", encoding="")
    with opened(path) as source:
        try:
            head = source.file.read(512)
        except Damaged:
            head = b""
    if head.startswith(b"PK\x03\x04"):
        return Format(_zipped(path), encoding="")
    if head[257:262] == b"ustar":
        return Format("archive", encoding="")
    container = next((container for sign, container in _BINARY if head.startswith(sign)), None)
    return Format(container, encoding="") if container else _text_format(path, name)


def _zipped(path: Path) -> Container:
    try:
        with zipfile.ZipFile(path) as packed:
            return "xlsx" if "xl/workbook.xml" in packed.namelist() else "archive"
    except zipfile.BadZipFile as error:
        raise InputError(
            "The ZIP or Excel file is damaged. Please save it again, or save the table as CSV.",
            kind="data_damaged",
            format="ZIP / Excel",
        ) from error


def _text_format(path: Path, name: str) -> Format:
    codec = encoding_of(path)
    plain = Path(name.lower())
    suffix = Path(plain.stem if plain.suffix in PACKED else plain.name).suffix
    with opened(path) as source:
        head, told, undecoded = [], "", False
        try:
            for line in lines(source.file, codec):
                undecoded |= line.fault == "encoding"
                if found := separator(line):
                    told = found
                    continue
                head.append(line.text)
                if len(head) >= PROBED or sum(map(len, head)) > SAMPLE:
                    break
        except Damaged:
            pass
    written = [line for line in head if line.strip()]
    if undecoded and not written:
        raise InputError(
            "Its encoding could not be told. Please save the file as UTF-8.",
            kind="data_encoding",
            encoding=encoding_name(codec),
        )
    container = "csv" if told else _container(written, suffix)
    if container not in ("csv", "tsv"):
        return Format(container, encoding=codec, paragraphs=container == "text" and len(written) < len(head))
    delimiter = told or ("\t" if container == "tsv" else max(_DELIMITERS, key=(written or [""])[0].count))
    format = Format(container, encoding=codec, delimiter=delimiter)
    return replace(format, columns=_header(written, format))


def _container(written: list[str], suffix: str) -> Container:
    first = written[0].lstrip() if written else ""
    if suffix in (".txt", ".md"):
        tabs = {line.count("\t") for line in written}
        return "tsv" if suffix == ".txt" and len(written) > 1 and len(tabs) == 1 and tabs != {0} else "text"
    if first.startswith(("{", "[")) or suffix in (".json", ".jsonl", ".ndjson"):
        return "jsonl" if _by_lines(written, first, suffix) else "json"
    if suffix in (".tsv", ".tab") or (suffix != ".csv" and "\t" in first):
        return "tsv"
    return "csv" if suffix == ".csv" or any(sign in first for sign in ",;|") else "text"


def _by_lines(written: list[str], first: str, suffix: str) -> bool:
    """Whether a line is a row: not one document over several lines, nor several of those, nor one line that holds all rows."""
    lined = suffix in (".jsonl", ".ndjson")
    if len(written) == 1:
        return lined and not _is_rows(first)
    if first.startswith("["):
        return _is_value(first)
    if not first.startswith("{"):
        return lined
    return _object(first) is not None or _is_broken([first, *written[1:]])


def _is_broken(written: list[str]) -> bool:
    """Whether the first line is a damaged row, and not the beginning of a document: most others are rows, or it is no JSON however the
    text goes on."""
    rows = sum(line.rstrip().endswith("}") and _object(line) is not None for line in written[1:])
    if 2 * rows > len(written) - 1:
        return True
    second = len(written[0]) + 1 + len(written[1]) - len(written[1].lstrip())
    try:
        json.JSONDecoder().raw_decode("\n".join(written))
    except json.JSONDecodeError as error:
        return error.pos <= second
    except RecursionError:
        return True
    return False


def _is_rows(line: str) -> bool:
    """Whether one line is a list of rows, an object around one, or a table as pandas writes it."""
    found = _object(line)
    if found is None:
        return line.startswith("[")
    return _is_table(found) or any(
        isinstance(value, list) and value and all(isinstance(row, dict) and not is_turn(row) for row in value)
        for value in found.values()
    )


def _is_table(found: dict[str, object]) -> bool:
    try:
        return next((row is not found for row, _ in whole(found)), False)
    except ValueError:  # a row of another length than the columns, which is told when rows are read
        return True


def _is_value(line: str) -> bool:
    try:
        parsed(line)
    except (ValueError, RecursionError):
        return False
    return True


def _object(line: str) -> dict[str, object] | None:
    try:
        found = parsed(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _header(written: list[str], format: Format) -> tuple[str, ...]:
    if not written:
        raise InputError("The file has no rows.", kind="data_no_rows")
    try:
        return tuple(column_names(split_line(written[0], format.delimiter)))
    except csv.Error as error:
        raise InputError(
            "The first line, which names the columns, has quotes that do not match.", kind="data_first_line"
        ) from error
