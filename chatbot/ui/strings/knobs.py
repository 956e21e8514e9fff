"""The words of the training settings. English reasons and all bounds stand in `finetune.spec.spec`; here are the rest."""

from finetune.spec.knobs import Knob
from finetune.spec.spec import KNOBS

_WORDS: dict[str, tuple[str, str, str]] = {
    "task": ("Task", "任务", "用哪个指标在留出的数据上评判结果。"),
    "rank": ("Rank", "秩", "更新矩阵的秩。越大越能从大量数据中学习，也越占内存。"),
    "alpha": ("Alpha", "Alpha", "更新按 alpha / 秩 缩放。通常取秩的两倍；改变秩时保持比例。"),
    "dropout": ("Dropout", "Dropout", "随机遮住适配器输入的这一比例，可减轻过拟合。"),
    "target_modules": (
        "Target modules",
        "目标模块",
        "哪些层获得适配器：all-linear 效果最好；q_proj, v_proj 这样的列表更小。",
    ),
    "rslora": ("rsLoRA", "rsLoRA", "改用 alpha / √秩 缩放：秩达到 64 以上时更稳定。"),
    "dora": (
        "DoRA",
        "DoRA",
        "把权重的方向和大小分开学习：低秩时略好，训练更慢，且只能用 PEFT 加载或合并，Banyan 的引擎不直接提供服务。",
    ),
    "learning_rate": ("Learning rate", "学习率", "每一步的大小。太大会发散，太小学不到东西。"),
    "schedule": ("Schedule", "学习率计划", "预热之后学习率如何下降：cosine 和 linear 降到零，constant 不变。"),
    "warmup": ("Warm-up", "预热", "学习率从零上升所占的步数比例。"),
    "epochs": ("Epochs", "轮数", "每条样本看多少遍。数据少时可多几轮。"),
    "steps": ("Steps", "步数", "以更新次数代替轮数，适合想固定时间的情况。"),
    "batch_size": ("Batch size", "批大小", "每个设备一次计算的样本数。越小越省内存。"),
    "accumulation": ("Accumulation", "梯度累积", "把若干批累加成一次更新：总量相同，内存更少。"),
    "max_length": ("Maximum length", "最大长度", "每条样本使用的 token 数，超出部分从末尾截断。"),
    "packing": (
        "Packing",
        "打包",
        "用完整的样本填满长度为 max_length 的行，样本互不相见；批大小按行计。适合 GPU 和短样本。",
    ),
    "gradient_checkpointing": (
        "Gradient checkpointing",
        "梯度检查点",
        "激活值重算而不保存：更省内存，约慢三分之一。",
    ),
    "quantization": ("Quantisation", "量化", "冻结的权重用 4 位（nf4，即 QLoRA）或 8 位：更省内存，每步更慢。"),
    "precision": (
        "Precision",
        "精度",
        "计算所用的数值格式。auto：GPU 支持时用 bf16，否则用 fp32；支持 bf16 的 CPU 选它会更快。",
    ),
    "seed": ("Seed", "随机种子", "固定留出划分、顺序和初始权重：同样的数据和种子训练出同样的适配器。"),
    "evaluation_share": (
        "Held-out share",
        "留出比例",
        "不参与训练、用于曲线和结论的样本比例。0 表示没有结论。",
    ),
    "eval_steps": ("Evaluate every", "评估间隔", "留出曲线两点之间的更新次数。留空：全程十个点。"),
    "early_stopping": ("Early stopping", "提前停止", "留出曲线连续这么多点没有新低就结束。0 为关闭。"),
    "save_steps": ("Save every", "保存间隔", "两个检查点之间的更新次数：机器停止时最多损失这么多。"),
}


def _bounds(knob: Knob) -> str:
    return "" if knob.low is None or knob.high is None else f" [{_number(knob.low)} – {_number(knob.high)}]"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


STRINGS: dict[str, tuple[str, str]] = {
    **{f"knob_{knob.name}": _WORDS[knob.name][:2] for knob in KNOBS},
    **{f"knob_{knob.name}_why": (knob.why + _bounds(knob), _WORDS[knob.name][2] + _bounds(knob)) for knob in KNOBS},
}
