"""What is wrong with a training, by the error's kind. English comes from the error itself where it is empty here."""

STRINGS: dict[str, tuple[str, str]] = {
    # How a run ended, by its cause
    "error.cause_out_of_memory": ("", "内存不足。"),
    "error.cause_disk_full": ("", "磁盘已满。腾出空间后可以继续，检查点是安全的。"),
    "error.cause_diverged": ("", "损失发散：学习率太高。"),
    "error.cause_rejected": ("", "训练出的适配器没有通过检查。"),
    "error.cause_stopped": ("", "已停止；已学到的内容保存为适配器，未作评判。"),
    "error.cause_error": ("", "训练失败，日志中有说明。（{said}）"),
    "error.stopped_early": ("", "在完成第一步之前已停止，没有适配器。"),
    "error.adapter_infinite": ("", "训练出的适配器含有非有限的数值。请降低学习率后重新训练。"),
    "error.adapter_zero": ("", "训练出的适配器全为零：什么也没学到。请提高学习率或延长训练。"),
    "error.adapter_idle": ("", "训练出的适配器没有改变任何输出。请提高学习率或延长训练。"),
    "error.adapter_unlike": ("", "保存的适配器与训练结果不一致（logits 相差 {gap}）。请检查磁盘，然后继续任务。"),
    "error.base_gone": ("", "基础模型 {name} 已不在原处。请重新加载它。"),
    "error.base_unreadable": ("", "基础模型 {name} 无法加载来训练：{reason}"),
    "error.base_not_made": ("", "无法为训练准备模型：{reason}"),
    "error.no_bitsandbytes": ("", "量化训练需要 bitsandbytes：pip install bitsandbytes，或把量化设为 none。"),
    # Before a run
    "error.training_space": (
        "",
        "此处的训练已锁定：这是公共 Space，没有可用的磁盘和时间。请复制它，或在自己的机器上运行 Banyan。"
        "所有者可用 BANYAN_TRAINING=on 开启训练。",
    ),
    "error.training_off": ("", "此服务器已关闭训练（--training off）。"),
    "error.training_remote": (
        "",
        "此处无法训练：模型在另一台服务器上运行。请用 --engine local 或 llamacpp 启动 Banyan 来训练。",
    ),
    "error.training_scripted": ("", "此处无法训练：脚本引擎没有模型。"),
    "error.training_gguf": (
        "",
        "无法用这个模型训练：GGUF 文件里是近似的权重。请用同一模型的 transformers 格式启动 Banyan。",
    ),
    "error.no_memory": (
        "",
        "这次训练需要 {need} GiB 内存，现有 {have} GiB。请减小最大长度或秩，开启梯度检查点，或释放内存。",
    ),
    "error.no_fit": ("", "这些设置需要的内存超出了机器的容量。请减小批大小或最大长度，或开启梯度检查点。"),
    "error.child_died": ("", "后台进程意外结束，可能是内存不足。请用更少的数据重试。"),
    "error.too_many_jobs": ("", "你已有 {count} 个任务在等待或运行。请等待，或删除一个。"),
    "error.no_name": ("Give the adapter a name first.", "请先给适配器起个名字。"),
    "error.no_token": (
        "The hub needs a repository such as user/name, and a token.",
        "需要仓库名（例如 用户/名称）和令牌。",
    ),
    "error.cancelled": ("It was stopped.", "已停止。"),
    "error.knob_bounds": ("", "“{knob}”须在 {low} 到 {high} 之间。"),
    "error.knob_value": ("", "“{knob}”的值无效，请检查。"),
    "error.knob_both": ("", "轮数和步数只能填一个。"),
    "error.knob_neither": ("", "请填写轮数或步数。"),
    "error.knob_no_held_out": ("", "没有留出数据，无法提前停止或评估。请提高留出比例，或清空这些设置。"),
    "error.knob_stops_late": ("", "训练会在提前停止起作用之前结束。请减小“提前停止”或“评估间隔”。"),
    "error.knob_twice": ("", "“目标模块”中有一层写了两次。"),
    "error.adapter_name": ("", "“{name}”不能用作适配器名称。请用字母、数字、点、横线和下划线，最多 64 个字符。"),
    "error.adapter_exists": ("", "已有名为 {name} 的适配器。请移除它，或换个名称。"),
    "error.no_fast_tokenizer": ("", "{model} 没有快速分词器，训练需要用它找到回答。请换一个模型。"),
    "error.template_untaught": ("", "无法在此训练 {model}：它的对话模板不能把回答显示在提示之后。请换一个模型。"),
    # After it
    "error.not_served": (
        "Chats cannot use this adapter, because it is DoRA. Download it, or merge it into full weights.",
        "聊天无法使用这个适配器，因为它是 DoRA。可以下载它，或合并为完整权重。",
    ),
    "error.adapter_gone": ("", "磁盘上没有这个适配器的权重，它可能已被移除。"),
    "error.repository_name": ("", "“{name}”不是仓库名。仓库名形如 用户/名称。"),
    "error.hub_refused": ("", "Hub 拒绝了上传（{status}）。请检查令牌及其写入权限。"),
    "error.hub_unreached": ("", "无法连接模型 Hub。请检查网络后重试。"),
    "error.no_job": ("", "没有这个任务，它可能已被删除。"),
    "error.no_adapter_yet": ("", "这个任务还没有适配器，请等它结束。"),
    "error.job_not_ended": ("", "只有中断、停止或失败的任务可以继续。"),
    "error.job_running": ("", "任务正在运行，请先停止它。"),
}
