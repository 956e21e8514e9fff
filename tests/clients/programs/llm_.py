"""Simon Willison's `llm` on the command line, with a schema. Run: python llm_.py http://host:port"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

base = f"{sys.argv[1]}/v1"
with urllib.request.urlopen(f"{base}/models") as answer:
    model = json.load(answer)["data"][0]["id"]
with tempfile.TemporaryDirectory() as home:
    entry = {
        "model_id": "banyan",
        "model_name": model,
        "api_base": base,
        "supports_schema": True,
        "supports_tools": True,
    }
    (Path(home) / "extra-openai-models.yaml").write_text(json.dumps([entry]))  # JSON is YAML

    def llm(*arguments: str) -> str:
        environment = {**os.environ, "LLM_USER_PATH": home, "OPENAI_API_KEY": "none"}
        done = subprocess.run(
            [sys.executable, "-m", "llm", "-m", "banyan", *arguments],
            env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert llm("Say hello.").strip()
    found = json.loads(llm("--schema", "name, age int", "Ann is 34 years old."))
    assert found["age"] == 34, found
    tool = "def multiply(a: int, b: int) -> int:\n    'Multiply two numbers.'\n    return a * b"
    assert llm("--functions", tool, "What is 6 times 7? Use the tool.", "-o", "temperature", "0").strip()
