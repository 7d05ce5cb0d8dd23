import pytest

from pipeline.config import Leaf
from pipeline.errors import InputError
from tests.toys import toy_llama
from tokenizer.leaf import adopt


def test_a_model_folder_is_linked_and_loads(tmp_path, build):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    toy_llama(tmp_path / "toy")
    artifact = build("dapt", adopt, Leaf(use=str(tmp_path / "toy")))
    assert artifact.problems() == []
    folder = str(artifact.path / "model")
    assert AutoModelForCausalLM.from_pretrained(folder).config.vocab_size == len(AutoTokenizer.from_pretrained(folder))


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_what_is_missing_is_named(tmp_path, build, missing):
    for name in {"config.json", "tokenizer.json", "model.safetensors"} - {missing}:
        (tmp_path / "toy").mkdir(exist_ok=True)
        (tmp_path / "toy" / name).write_text("{}")
    with pytest.raises(InputError, match=missing):
        build("base", adopt, Leaf(use=str(tmp_path / "toy")))


@pytest.mark.parametrize(("key", "value"), [("hidden_size", 96), ("vocab_size", 40)])
def test_a_config_at_odds_with_the_weights_is_named(tmp_path, build, key, value):
    import json

    toy_llama(tmp_path / "toy")
    path = tmp_path / "toy" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(InputError, match=key):
        build("base", adopt, Leaf(use=str(tmp_path / "toy")))


def test_truncated_weights_are_named(tmp_path, build):
    toy_llama(tmp_path / "toy")
    path = tmp_path / "toy" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="safetensors"):
        build("base", adopt, Leaf(use=str(tmp_path / "toy")))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda index: index["weight_map"].update({"model.norm.weight": "gone.safetensors"}), "names gone.safetensors"),
        (lambda index: index["weight_map"].update({"no.such": index["weight_map"]["model.norm.weight"]}), "no.such"),
        (lambda index: index.pop("weight_map"), "has no weight_map"),
    ],
)
def test_an_index_that_promises_what_is_not_there(tmp_path, build, change, said):
    import json

    from transformers import AutoModelForCausalLM

    toy_llama(tmp_path / "toy")
    model = AutoModelForCausalLM.from_pretrained(str(tmp_path / "toy"))
    (tmp_path / "toy" / "model.safetensors").unlink()
    model.save_pretrained(str(tmp_path / "toy"), max_shard_size="40KB")
    assert build("base", adopt, Leaf(use=str(tmp_path / "toy"))).problems() == []
    path = tmp_path / "toy" / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))
    with pytest.raises(InputError, match=said):
        build("dapt", adopt, Leaf(use=str(tmp_path / "toy")))
