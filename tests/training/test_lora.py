import json

import pytest

from pipeline.errors import ConfigError, StageFailed
from tests.toys import toy_llama
from training.config import Lora
from training.lora import add_lora, merge, save_adapter, targets_of

PROBE = [1, 50, 60, 70, 2, 9]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {tied: toy_llama(tmp_path_factory.mktemp(f"toy-{tied}"), tied=tied) for tied in (True, False)}


def load(folder):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(str(folder)).eval()


def logits(model):
    import torch

    with torch.no_grad():
        return model(input_ids=torch.tensor([PROBE])).logits


def adapted(folder, targets, scale=0.1):
    """A model whose adapters are as if trained."""
    import torch

    model = add_lora(load(folder), Lora(rank=4, targets=targets), seed=0).eval()
    noise = torch.Generator().manual_seed(1)
    weights = {name: p for name, p in model.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for parameter in weights.values():
            parameter.copy_(torch.randn(parameter.shape, generator=noise) * scale)
    return model, weights


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("targets", [["q_proj", "down_proj"], ["embed_tokens"], ["lm_head", "v_proj"]])
def test_the_merged_models_logits_are_the_adapters(tmp_path, folders, tied, targets):
    import peft

    base, adapter, target = folders[tied], tmp_path / "adapter", tmp_path / "model"
    adapter.mkdir()
    model, weights = adapted(base, targets)
    wanted = logits(model)
    assert (wanted - logits(load(base))).abs().max() > 0.05
    save_adapter(model, weights, adapter, "base/abc/model")
    assert merge(base, adapter, target, PROBE, end_of_turn=2) < 1e-5
    plain = load(target)
    assert (logits(plain) - wanted).abs().max() < 1e-5
    assert (plain.lm_head.weight is plain.model.embed_tokens.weight) == tied
    again = peft.PeftModel.from_pretrained(load(base), str(adapter)).eval()
    assert (logits(again) - wanted).abs().max() < 1e-6


def test_a_tied_head_shares_the_embeddings_adapter(folders):
    import torch

    model, weights = adapted(folders[True], ["lm_head"])
    assert sorted(name.split(".")[-2] for name in weights) == ["lora_embedding_A", "lora_embedding_B"]
    before = logits(model).clone()
    model(input_ids=torch.tensor([PROBE])).logits.sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in weights.values())
    with torch.no_grad():
        for parameter in weights.values():
            parameter.data = parameter.data * 2  # as ZeRO does: new memory, the same parameter
    head = model.get_output_embeddings()
    assert (head.lora_A["default"].weight == model.get_input_embeddings().lora_embedding_B["default"].t()).all()
    assert not (logits(model) == before).all()


def test_only_adapters_train_and_the_seed_decides_their_start(folders):
    def start(seed):
        model = add_lora(load(folders[True]), Lora(rank=2), seed=seed)
        return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}

    first = start(0)
    assert all(".lora_A." in name or ".lora_B." in name for name in first)
    assert len(first) == 2 * 7 * 2
    assert all((start(0)[name] == tensor).all() for name, tensor in first.items())
    assert any((start(1)[name] != tensor).any() for name, tensor in first.items())


def test_an_unknown_target_is_named_with_the_nearest(folders):
    model = load(folders[True])
    with pytest.raises(
        ConfigError, match=r"no layer 'q_prj'; did you mean 'q_proj'\? \(it has down_proj, embed_tokens"
    ):
        targets_of(model, ["v_proj", "q_prj"])
    with pytest.raises(ConfigError, match="no layer 'self_attn'"):
        targets_of(model, ["self_attn"])
    assert targets_of(model, ["v_proj", "q_proj", "v_proj"]) == ["v_proj", "q_proj"]


def test_what_is_saved_names_no_machine_and_copies_what_belongs_to_the_tokenizer(tmp_path, folders):
    adapter, target = tmp_path / "adapter", tmp_path / "model"
    adapter.mkdir()
    base = toy_llama(tmp_path / "base")
    (base / "extension.json").write_text('{"old_vocabulary": 390, "added": 10, "vocabulary": 400, "padded_to": 400}\n')
    model, weights = adapted(base, ["q_proj"])
    save_adapter(model, weights, adapter, "base/abc/model")
    merge(base, adapter, target, PROBE, end_of_turn=7)
    for name in ("extension.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (target / name).read_bytes() == (base / name).read_bytes(), name
    assert json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"] == "base/abc/model"
    assert json.loads((target / "generation_config.json").read_text())["eos_token_id"] == [2, 7]
    for path in [*adapter.iterdir(), *target.iterdir()]:
        assert str(tmp_path).encode() not in path.read_bytes(), path.name


def test_a_merge_that_is_not_the_adapter_fails(tmp_path, folders, monkeypatch):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    model, weights = adapted(folders[True], ["q_proj"])
    save_adapter(model, weights, adapter, "base/abc/model")
    monkeypatch.setattr("training.lora._merged", lambda model: model.unload())
    with pytest.raises(StageFailed, match="logits differ from the adapter's"):
        merge(folders[True], adapter, tmp_path / "model", PROBE, end_of_turn=2)
