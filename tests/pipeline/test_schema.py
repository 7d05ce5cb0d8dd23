import re

from pipeline.schema import config_schema
from pipeline.stages import STAGES


def test_every_stage_and_its_variants_are_described():
    schema = config_schema()
    assert set(schema["properties"]) == {"run", *STAGES}
    assert schema["additionalProperties"] is False
    assert all(any(re.match(pattern, f"{name}@x") for pattern in schema["patternProperties"]) for name in STAGES)
    assert schema["$defs"]["Dapt"]["additionalProperties"] is False
