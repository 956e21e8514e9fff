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

    def llm(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "LLM_USER_PATH": home, "OPENAI_API_KEY": "none"}
        command = [sys.executable, "-m", "llm", "-m", "banyan", *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    said = llm("Say hello.", "-o", "max_tokens", "20")
    assert said.returncode == 0 and said.stdout.strip(), said
    found = llm("--schema", "name, age int", "Ann is 34 years old.")
    assert json.loads(found.stdout)["age"] == 34, found
    tool = "def multiply(a: int, b: int) -> int:\n    'Multiply two numbers.'\n    return a * b"
    asked = ("What is 6 times 7? Use the tool.", "-o", "temperature", "0", "-o", "max_tokens", "100")
    used = llm("--functions", tool, "--td", "--cl", "2", *asked)  # a small model calls again instead of answering
    assert "multiply" in used.stderr and "42" in used.stderr, used
