import pytest

from pipeline import errors


def test_exit_codes_are_the_documented_ones():
    codes = {kind.__name__: code for code, kind in errors.BY_CODE.items()}
    assert codes == {
        "MalmoiError": 1,
        "ConfigError": 2,
        "InputError": 3,
        "StageFailed": 4,
        "Locked": 5,
        "Interrupted": 75,
        "Cancelled": 130,
    }


@pytest.mark.parametrize(("word", "said"), [("dpat", "; did you mean 'dapt'?"), ("zzzz", "")])
def test_nearest(word, said):
    assert errors.nearest(word, ["dapt", "sft"]) == said
