"""The command line: `python -m pipeline.stage <node>`, `all`, and the verbs that look."""

from __future__ import annotations

from pipeline.guard import refuse_shadows

refuse_shadows()  # before anything below imports one of the packages it looks for

import json  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Annotated, Any  # noqa: E402

import typer  # noqa: E402

from pipeline import graph  # noqa: E402
from pipeline.config import Run  # noqa: E402
from pipeline.console import say  # noqa: E402
from pipeline.errors import ConfigError, InputError, Interrupted, MalmoiError, nearest  # noqa: E402
from pipeline.graph import Node  # noqa: E402
from pipeline.load import Config, load  # noqa: E402
from pipeline.stages import STAGES  # noqa: E402

VERBS = ("all", "ls", "plan", "status", "show", "verify", "schema", "gc", "work", "node")
HELP = f"""From Common Crawl to a Korean model, and a report of what was gained and lost.

malmoi NODE --config FILE runs exactly one node ({", ".join(STAGES)}, or a variant such as dapt@r0);
malmoi all --config FILE runs what is not cached.

Exit codes: 0 ok, 1 a defect of ours, 2 bad config or usage, 3 missing or corrupt input, 4 a stage failed,
5 another runner holds the lock, 75 interrupted (run it again), 130 Ctrl-C.
"""

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

ConfigFile = Annotated[Path, typer.Option("--config", help="the YAML file", show_default=False)]
Overrides = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="e.g. dapt.rate=3e-4")]
AsJson = Annotated[bool, typer.Option("--json", help="the answer as JSON on stdout")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be done, do nothing")]


def _root(run: Run) -> Path:
    """The folder of `run.root`; ConfigError where it cannot be one."""
    try:
        root = run.folder
        root.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"run.root {run.root} cannot be a folder: {error}") from None
    return root


def _open(config: Path, overrides: list[str] | None) -> tuple[Config, dict[str, Node]]:
    found = load(config, overrides or [], {name: stage.section for name, stage in STAGES.items()})
    _root(found.run)
    return found, graph.build(found)


def _answer(as_json: bool, value: Any, text: str) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1) if as_json else text)


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    left, slash, right = text.partition("/")
    if not slash or not left.isdecimal() or not right.isdecimal() or int(left) >= int(right):
        raise ConfigError(f"--shard {text} is not of the form i/n with 0 <= i < n")
    return int(left), int(right)


def _run(config: Config, nodes: list[Node], dry_run: bool, as_json: bool, shard: tuple[int, int] | None = None) -> None:
    from pipeline.run import execute, plan

    steps = plan(nodes, config.run)
    if dry_run:
        _answer(as_json, [step.as_json() for step in steps], _table(steps))
        return
    rows = execute(steps, config.run, shard)
    report = next(
        (Path(row["path"]) / "index.html" for row in reversed(rows) if row["node"].startswith("report")), None
    )
    lines = [f"{row['node']}  {row['state']}  {row['path']}" for row in rows] if report is None else [str(report)]
    _answer(as_json, {"nodes": rows, "report": str(report) if report else None}, "\n".join(lines))


def _table(steps: list[Any]) -> str:
    width = max((len(step.node.name) for step in steps), default=0)
    return "\n".join(f"{step.node.name:{width}}  {step.state:6}  {step.reason}" for step in steps)


@app.command("node", hidden=True)
def node(
    name: str,
    config: ConfigFile,
    overrides: Overrides = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    shard: Annotated[
        str | None, typer.Option("--shard", help="i/n: do every n-th unit of work, publish nothing")
    ] = None,
) -> None:
    """Run exactly one node; its parents must be built."""
    if name.partition("@")[0] not in STAGES:
        raise ConfigError(f"'{name}' is no verb and no stage{nearest(name, [*VERBS[:-2], *STAGES])}")
    found, nodes = _open(config, overrides)
    chosen, part = graph.named(nodes, name), _shard(shard)
    if part is not None and not all(one.stage.shards and not graph.is_leaf(one) for one in chosen):
        sharded = ", ".join(stage.name for stage in STAGES.values() if stage.shards)
        raise ConfigError(f"{name} has no shards; --shard goes with {sharded}")
    _run(found, chosen, dry_run, as_json, part)


@app.command("all")
def all_(
    config: ConfigFile,
    overrides: Overrides = None,
    first: Annotated[str | None, typer.Option("--from", help="this node and what depends on it")] = None,
    last: Annotated[str | None, typer.Option("--until", help="this node and what it depends on")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Run every node that is not cached, parents first."""
    found, nodes = _open(config, overrides)
    _run(found, graph.select(nodes, first, last), dry_run, as_json)


@app.command("ls")
def ls(as_json: AsJson = False) -> None:
    """The stages there are."""
    rows = [{"stage": one.name, "summary": one.summary, "version": one.version} for one in STAGES.values()]
    width = max(len(name) for name in STAGES)
    _answer(as_json, rows, "\n".join(f"{row['stage']:{width}}  {row['summary']}" for row in rows))


@app.command("plan")
def plan_(config: ConfigFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """What is cached, what will resume, what will run, and why."""
    from pipeline.run import plan

    found, nodes = _open(config, overrides)
    steps = plan(list(nodes.values()), found.run)
    _answer(as_json, [step.as_json() for step in steps], _table(steps))


@app.command("status")
def status_(config: ConfigFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """What the last run of this config is doing, or how it ended."""
    from pipeline.run import Records
    from pipeline.status import status

    found, _ = _open(config, overrides)
    answer = status(Records(found.run))
    lines = [f"{answer['state']}  {answer.get('message', '')}".rstrip()]
    for row in answer["nodes"]:
        progress = f"  {row['done']:g}/{row['total'] or 0:g} {row['unit']}" if "done" in row else ""
        seconds = f"  {row['seconds']} s" if "seconds" in row else ""
        lines.append(f"{row['node']}  {row['state']}{progress}{seconds}")
    _answer(as_json, answer, "\n".join(lines))


@app.command("show")
def show(name: str, config: ConfigFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """A node's manifest and the folder of its artifact."""
    _, nodes = _open(config, overrides)
    found = graph.named(nodes, name)
    if len(found) > 1:
        raise ConfigError(f"{name} is several nodes: {', '.join(one.name for one in found)}")
    artifact = found[0].artifact
    if not artifact.exists():
        raise InputError(f"{name} is not built yet")
    artifact.check()
    answer = {**artifact.manifest, "path": str(artifact.path)}
    parts = {key: answer[key] for key in ("path", "fingerprint", "counts", "metrics")}
    _answer(as_json, answer, json.dumps(parts, ensure_ascii=False, indent=1))


@app.command("verify")
def verify(
    config: ConfigFile,
    name: Annotated[str | None, typer.Argument(metavar="[NODE]")] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Hash every file of the built nodes again; exit 3 names the first that differs."""
    if name is not None and "=" in name:
        overrides, name = [name, *(overrides or [])], None
    _, nodes = _open(config, overrides)
    chosen = graph.named(nodes, name) if name else list(nodes.values())
    for one in chosen if name else []:
        if not one.artifact.exists():
            raise InputError(f"{one.name} is not built yet")
    for one in chosen:
        if one.artifact.exists():
            one.artifact.check()
    problems = [problem for one in chosen if one.artifact.exists() for problem in one.artifact.problems()]
    checked = sum(one.artifact.exists() for one in chosen)
    _answer(as_json, {"checked": checked, "problems": problems}, f"{checked} nodes checked, {len(problems)} problems")
    if problems:
        raise InputError("; ".join(problems[:3]) + (f" and {len(problems) - 3} more" if len(problems) > 3 else ""))


@app.command("schema")
def schema() -> None:
    """The JSON Schema of a configuration file."""
    from pipeline.schema import config_schema

    typer.echo(json.dumps(config_schema(), ensure_ascii=False, indent=1))


@app.command("gc")
def gc(
    config: ConfigFile,
    overrides: Overrides = None,
    yes: Annotated[bool, typer.Option("--yes", help="delete what is listed")] = False,
    as_json: AsJson = False,
) -> None:
    """List artifacts below run.root that no by-name link reaches; with --yes, delete them."""
    from pipeline.garbage import find, remove

    run = load(config, overrides or [], {name: stage.section for name, stage in STAGES.items()}).run
    root = _root(run)
    found = find(root)
    if yes:
        remove(root, found)
    rows = [{"path": str(one.path), "bytes": one.bytes, "reason": one.reason} for one in found]
    total = sum(one.bytes for one in found)
    lines = [f"{row['bytes']:>14,}  {row['path']}  {row['reason']}" for row in rows]
    lines.append(f"{len(rows)} folders, {total:,} bytes{' deleted' if yes else '; --yes deletes them' if rows else ''}")
    _answer(as_json, rows, "\n".join(lines))


@app.command("work", hidden=True)
def work_(job: Path) -> None:
    """A child process: the runner starts it, nobody else."""
    from pipeline.work import work

    raise typer.Exit(work(job))


def _interrupted(number: int, frame: Any) -> None:
    raise Interrupted("stopped; the same command goes on")


def main(arguments: list[str] | None = None) -> None:
    """Entry point of `malmoi` and `python -m pipeline.stage`."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and not arguments[0].startswith("-") and arguments[0] not in VERBS:
        arguments = ["node", *arguments]
    for number in (signal.SIGTERM, signal.SIGUSR1):  # a run has handlers of its own; this is for planning
        signal.signal(number, _interrupted)
    try:
        app(arguments, prog_name="malmoi")
    except MalmoiError as error:
        say(f"malmoi: {error}")
        raise SystemExit(error.code) from None
    except OSError as error:
        say(f"malmoi: {error.filename or 'a file'}: {error.strerror or error}")
        raise SystemExit(InputError.code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
