"""The words of the adapters tab, in English and Chinese."""

STRINGS: dict[str, tuple[str, str]] = {
    "adapters": ("Adapters", "适配器"),
    "adapters_intro": (
        "An adapter is a small file that teaches the base model one task. All of them answer at once, "
        "each for whoever chose it.",
        "适配器是一个小文件，教会基础模型一项任务。所有适配器同时提供服务，谁选用就为谁作答。",
    ),
    "adapter_files": ("Drop a zip of a PEFT folder, or its files", "拖入 PEFT 文件夹的 zip，或其中的文件"),
    "adapter_name": ("Name", "名称"),
    "adapter_name_info": ("Empty: the name of the file.", "留空则用文件名。"),
    "adapter_mine": ("Only for me", "仅自己可见"),
    "adapter_mine_info": ("Nobody else sees or uses it.", "其他人看不到，也不能使用。"),
    "adapter_add": ("Check and add", "检查并添加"),
    "adapter_added": (
        "{name} is ready: choose it in the sidebar.",
        "{name} 已可使用：请在侧栏中选择。",
    ),
    "adapter_set_aside": (
        "{name}, which comes with Banyan, is not used: {reason} The bare model answers in its place.",
        "Banyan 自带的 {name} 未启用：{reason} 由基础模型代为回答。",
    ),
    "error.adapter_taken": (
        "An adapter called {name} comes with Banyan. Choose another name.",
        "Banyan 已自带名为 {name} 的适配器，请换个名称。",
    ),
    "adapter_removed": ("{name} was removed.", "已移除 {name}。"),
    "adapter_remove": ("Remove an adapter", "移除适配器"),
    "adapter_remove_button": ("Remove", "移除"),
    "adapter_none": ("There are no adapters yet.", "还没有适配器。"),
    "adapter_no_verdict": ("not measured", "未测评"),
    "adapter_no_task": ("any task", "通用"),
    "adapter_private": ("only you", "仅自己"),
    "column_name": ("Adapter", "适配器"),
    "column_task": ("Task", "任务"),
    "column_base": ("Base model", "基础模型"),
    "column_rank": ("Rank", "秩"),
    "column_verdict": ("Verdict", "结论"),
    "error.adapter_files": ("Choose the adapter's files first.", "请先选择适配器文件。"),
    "error.adapter_mine": (
        "Only who added this adapter may remove it.",
        "只有添加者才能移除这个适配器。",
    ),
    "compare": ("Compare with", "对比"),
    "compare_info": (
        "A second column answers the same message at once.",
        "第二栏同时回答同一条消息。",
    ),
    "chat_label_2": ("The second column's conversation", "第二栏的对话"),
    "compare_off": ("No second column", "不对比"),
    "compare_base": ("The base model", "基础模型"),
}
