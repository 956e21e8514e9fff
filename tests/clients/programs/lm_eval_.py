"""lm-evaluation-harness scores the model through /v1/completions. Run: python lm_eval_.py http://host:port TOKENIZER_FOLDER"""

import json
import sys
import tempfile
import urllib.request
from pathlib import Path

import lm_eval
from lm_eval.tasks import TaskManager

base, tokenizer = f"{sys.argv[1]}/v1", sys.argv[2]
FACTS = [
    ("The capital of France is", "Paris", "Oslo"), ("The sky on a clear day is", "blue", "green"),
    ("Two plus two is", "four", "nine"), ("Water freezes to", "ice", "gold"), ("The opposite of hot is", "cold", "loud"),
    ("A dog has four", "legs", "wheels"), ("Bees make", "honey", "bricks"), ("The sun rises in the", "east", "cellar"),
    ("Fish live in", "water", "sand"), ("Snow is", "white", "black"), ("The first month is", "January", "July"),
    ("A week has seven", "days", "hours"), ("We read", "books", "soup"), ("Birds can", "fly", "drive"),
    ("Fire is", "hot", "wet"), ("Cows give", "milk", "ink"), ("The moon orbits the", "Earth", "lamp"),
    ("Bread is baked in an", "oven", "envelope"), ("At night it is", "dark", "noon"), ("Cats chase", "mice", "clouds"),
]  # fmt: skip
TASK = """
task: banyan_facts
dataset_path: json
dataset_kwargs: {data_files: {test: FILE}}
output_type: multiple_choice
test_split: test
doc_to_text: "{{text}}"
doc_to_choice: "{{choices}}"
doc_to_target: 0
metric_list: [{metric: acc}]
"""
with urllib.request.urlopen(f"{base}/models") as answer:
    model = json.load(answer)["data"][0]["id"]
with tempfile.TemporaryDirectory() as folder:
    rows = [{"text": text, "choices": [right, wrong]} for text, right, wrong in FACTS]
    file = Path(folder) / "facts.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    (Path(folder) / "facts.yaml").write_text(TASK.replace("FILE", str(file)))
    results = lm_eval.simple_evaluate(
        model="local-completions",
        model_args={"base_url": f"{base}/completions", "model": model, "tokenizer": tokenizer, "num_concurrent": 2},
        tasks=["banyan_facts"],
        task_manager=TaskManager(include_path=folder),
        bootstrap_iters=0,
    )
score = results["results"]["banyan_facts"]["acc,none"]
print(f"accuracy {score:.2f} of {len(FACTS)}")
assert score >= 0.7, results["results"]  # guessing is right in half of them; 15 of 20 or more by chance: 2 %
