"""The documents say what the code says: keys, defaults, verbs, links, commands, examples, in both languages."""

import json
import re
import subprocess
import sys
import types
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from corpus.filters.presets import STOCK
from pipeline import yaml
from pipeline.config import Input, Leaf, Run, field_mark
from pipeline.errors import BY_CODE
from pipeline.load import load
from pipeline.stage import VERBS
from pipeline.stages import STAGES
from tests.toys import paragraphs, toy_llama

ROOT = Path(__file__).parent.parent
LANGS = ("en", "ko")
READMES = {"en": ROOT / "README.md", "ko": ROOT / "README.ko.md"}
PAGES = [*READMES.values(), ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SECTIONS = {name: stage.section for name, stage in STAGES.items()}
HIDDEN = {"work", "node"}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
each_lang = pytest.mark.parametrize("lang", LANGS)


def models_in(annotation, path):
    """(path, model) of every model that a field's annotation holds."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield path, annotation
    elif origin is dict:
        yield from models_in(arguments[1], f"{path}.NAME")
    elif origin is list:
        yield from models_in(arguments[0], f"{path}[]")
    elif origin in (typing.Union, typing.Annotated, types.UnionType):
        for argument in arguments:
            yield from models_in(argument, path)


def sections():
    """(heading, field, info) of every key of every section; of a stage that is another's kin, only its own."""
    found = [("run", Run), ("use", Leaf), *SECTIONS.items()]
    while found:
        path, model = found.pop(0)
        kin = model.__base__ in SECTIONS.values()
        for name, info in model.model_fields.items():
            if kin and name not in model.__annotations__:
                continue
            yield path, name, info
            if not kin:
                found.extend(models_in(info.annotation, f"{path}.{name}"))


def tables(lang):
    """Heading -> key -> (default, meaning), of configuration.md."""
    text = (ROOT / "docs" / lang / "configuration.md").read_text(encoding="utf-8")
    found = {}
    for part in re.split(r"^#+ ", text, flags=re.MULTILINE):
        heading = re.match(r"`([^`]+)`\n", part)
        if heading:
            assert heading[1] not in found, heading[1]
            rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", part, flags=re.MULTILINE)
            found[heading[1]] = {name: (default, meaning) for name, default, meaning in rows}
    return found


@each_lang
def test_configuration_has_every_key_and_no_other(lang):
    wanted = {}
    for heading, name, _ in sections():
        wanted.setdefault(heading, set()).add(name)
    assert {heading: set(rows) for heading, rows in tables(lang).items()} == wanted


@each_lang
@pytest.mark.parametrize(("heading", "name", "info"), [pytest.param(*row, id=".".join(row[:2])) for row in sections()])
def test_configuration_states_the_default(lang, heading, name, info):
    cell, meaning = tables(lang)[heading][name]
    assert len(meaning) > 1
    mark = field_mark(info, Input)
    if mark is not None:
        assert re.findall(r"`(\w+)`", cell) == [stage for stage in mark.default if stage in STAGES]
    elif info.is_required():
        assert cell == {"en": "required", "ko": "필수"}[lang]
    elif info.default_factory is not None or isinstance(info.default, BaseModel):
        assert "`" not in cell  # in words: it depends on the machine, or has a table of its own
    else:
        default = info.default
        if isinstance(default, list):
            default = [one.model_dump(mode="json") if isinstance(one, BaseModel) else one for one in default]
        assert yaml.parse(cell.strip("`"), name) == default


@each_lang
def test_configuration_has_every_rule(lang):
    text = (ROOT / "docs" / lang / "configuration.md").read_text(encoding="utf-8")
    assert set(STOCK) <= set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))


@each_lang
def test_every_stage_is_in_the_readme_and_the_architecture(lang):
    for page in (READMES[lang], ROOT / "docs" / lang / "architecture.md"):
        words = set(re.findall(r"[a-z]+", page.read_text(encoding="utf-8")))
        assert set(STAGES) <= words, page


def test_documents_are_pairs():
    names = [{page.name for page in (ROOT / "docs" / lang).iterdir()} for lang in LANGS]
    assert names[0] == names[1]
    for page in (ROOT / "docs" / "en").iterdir():
        twin = ROOT / "docs" / "ko" / page.name
        assert structure(page) == structure(twin), page.name
    assert structure(READMES["en"]) == structure(READMES["ko"])


def structure(page):
    """Levels of headings, table rows, and the code that both languages share."""
    text = page.read_text(encoding="utf-8")
    fences = re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return (
        re.findall(r"^#+", outside, flags=re.MULTILINE),
        len(re.findall(r"^\|", outside, flags=re.MULTILINE)),
        [body for kind, body in fences if kind in ("sh", "yaml")],
    )


@each_page
def test_links_resolve(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target and not target.startswith("#"):
            assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize(("lang", "heading"), [("en", "Two commands"), ("ko", "두 명령")])
def test_the_two_commands_are_targets_of_the_makefile(lang, heading):
    text = READMES[lang].read_text(encoding="utf-8")
    found = re.search(rf"^## {heading}\n+```sh\n(.*?)```", text, flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    assert found[1].splitlines() == ["make demo", "make test"]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for page in PAGES:
        named = re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert set(named) <= set(targets), page


@each_lang
def test_the_readme_shows_the_small_configurations_as_they_are(lang):
    text = READMES[lang].read_text(encoding="utf-8")
    for name in ("own-text.yaml", "own-model.yaml"):
        config = (ROOT / "configs" / name).read_text(encoding="utf-8")
        assert f"```yaml\n{config}```" in text
        assert len(config.splitlines()) < 15


@each_lang
def test_the_readme_has_every_exit_code(lang):
    codes = re.findall(r"^\| (\d+) \|", READMES[lang].read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [int(code) for code in codes] == [0, *sorted(BY_CODE)]


@each_page
def test_verbs_exist(page):
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?:`|\.venv/bin/)malmoi ([a-z]+)", text)
    assert set(named) <= {*VERBS, *STAGES} - HIDDEN


@each_page
def test_examples_are_configurations(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    for number, body in enumerate(re.findall(r"^```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)):
        path = tmp_path / f"{number}.yaml"
        path.write_text(body, encoding="utf-8")
        assert load(path, [], SECTIONS).sections


@each_page
def test_command_lines_name_configurations_and_keys_that_exist(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"malmoi [^`\n]*--config [^`\n]*", text):
        words = line.split()
        config = ROOT / words[words.index("--config") + 1]
        overrides = [word for word in words if "=" in word and not word.startswith("-")]
        if config.name == "my.yaml":
            config = tmp_path / "my.yaml"
            config.write_text("run: {}\n")
        if "..." not in line and "key=value" not in overrides:
            load(config, overrides, SECTIONS)


def test_the_shipped_configurations_are_valid():
    for path in sorted((ROOT / "configs").glob("*.yaml")):
        assert load(path, [], SECTIONS).sections


@pytest.mark.slow
def test_the_small_configurations_run_on_a_toy(tmp_path):
    toy_llama(tmp_path / "model")
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in paragraphs("ko", 40)]
    (tmp_path / "my.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = [f"run.root={tmp_path / 'runs'}", f"mix.use={tmp_path / 'my.jsonl'}"]
    for name, more in (
        ("own-text", [f"base.source={tmp_path / 'model'}"]),
        ("own-model", [f"base.use={tmp_path / 'model'}", "evaluate.window=128", "evaluate.stride=64"]),
    ):
        answer = subprocess.run(
            [sys.executable, "-P", "-m", "pipeline.stage", "all", "--config", f"configs/{name}.yaml", *given, *more],
            cwd=ROOT, capture_output=True, text=True, timeout=200,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
    assert Path(answer.stdout.strip()).name == "index.html"
