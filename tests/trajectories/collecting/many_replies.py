"""Runs in mini-swe-agent's environment: many short recordings, told apart for the endpoint by the model's name.

    python many_replies.py INSIDE FOLDER URL COUNT SECONDS

FOLDER/NUMBER.json is the recording, FOLDER/NUMBER.refused why there is none.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
os.environ |= {"MSWEA_CONFIGURED": "true", "MSWEA_SILENT_STARTUP": "1", "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "1"}
os.environ["MSWEA_GLOBAL_CONFIG_DIR"] = sys.argv[2]

import limi_mini
import yaml
from limi_agent import console

console.quiet = True
folder, url, count = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
config = yaml.safe_load((limi_mini.builtin_config_dir / "mini.yaml").read_text(encoding="utf-8"))
for number in range(count):
    wanted = {
        "endpoint": url,
        "key": "",
        "timeout": float(sys.argv[5]),
        "prices": {"input": 1.25, "cached_input": 0.125, "output": 10.0},
        "model": str(number),
        "model_settings": {},
        "mode": "yolo",
        "step_limit": 30,
        "cost_limit": 0,
        "trajectory": str(folder / f"{number}.json"),
        "executing": str(folder / "executing"),
        "sandbox": "none",
        "workplace": {"prefix": [], "folder": str(folder), "environment": {"PATH": os.environ["PATH"]}},
        "command_seconds": 20,
    }
    agent = limi_mini._agent(wanted, config["agent"], limi_mini._model(wanted, config["model"]))
    try:
        agent.run("Task.", earlier=None, further="")
    except Exception as error:
        (folder / f"{number}.refused").write_text(json.dumps(f"{type(error).__name__}: {error}"), encoding="utf-8")
