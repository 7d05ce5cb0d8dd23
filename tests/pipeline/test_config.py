"""Config modules and the floor stay light, and `run:` stays out of identities."""

import subprocess
import sys

HEAVY = (
    "torch",
    "transformers",
    "datatrove",
    "kiwipiepy",
    "deepspeed",
    "peft",
    "datasets",
    "pyarrow",
    "numpy",
    "scrapy",
)


def test_help_ls_and_plan_import_nothing_heavy():
    code = (
        "import sys; import pipeline.stage, pipeline.run, pipeline.status, pipeline.garbage, pipeline.schema;"
        "import corpus.config, tokenizer.config, training.config, eval.config;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_every_section_is_closed_and_frozen():
    from pipeline.stages import STAGES

    for stage in STAGES.values():
        assert stage.section.model_config["extra"] == "forbid"
        assert stage.section.model_config["frozen"]


def test_sections_share_no_field_with_the_circumstances():
    from pipeline.config import Run
    from pipeline.stages import STAGES

    for stage in STAGES.values():
        assert not set(stage.section.model_fields) & set(Run.model_fields), stage.name
