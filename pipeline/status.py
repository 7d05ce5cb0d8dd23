"""What a named run is doing, read from its event log."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from pipeline.run import Records


def status(records: Records) -> dict[str, Any]:
    """The last run: state (running, done, failed, gone), a row per node, and progress of the node at work."""
    events = _last_run(records)
    if not events:
        return {"state": "never run", "nodes": []}
    first = events[0]
    nodes: dict[str, dict[str, Any]] = {name: {"node": name, "state": "waiting"} for name in first["nodes"]}
    state, message = "running", ""
    for event in events[1:]:
        kind, node = event["event"], nodes.get(event.get("node", ""))
        if kind in ("run_done", "run_failed"):
            state, message = kind.removeprefix("run_"), event.get("message", "")
        elif node is None:
            continue
        elif kind == "cached":
            node["state"] = "cached"
        elif kind == "node_started":
            node.update(state="running", since=event["time"])
        elif kind == "progress":
            node.update(done=event["done"], total=event["total"], unit=event["unit"])
        elif kind in ("node_done", "node_failed"):
            node["state"] = "built" if kind == "node_done" else "failed"
            node["seconds"] = round(event["time"] - node.pop("since", event["time"]), 1)
    if state == "running" and not _alive(first["pid"]):
        state, message = "gone", f"process {first['pid']} ended without a word; the same command resumes"
    for node in nodes.values():
        if "since" in node:
            node["seconds"] = round(time.time() - node.pop("since"), 1)
    return {"state": state, "message": message, "pid": first["pid"], "nodes": list(nodes.values())}


def _last_run(records: Records) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    try:
        lines = records.events.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:  # a line cut off by a kill
            continue
        if event["event"] == "run_started":
            found = [event]
        elif found:
            found.append(event)
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
