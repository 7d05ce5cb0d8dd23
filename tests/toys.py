"""Small real things the tests make themselves: text, a tokenizer, a Llama."""

from __future__ import annotations

import random
from pathlib import Path

ENGLISH = [
    "The committee published its report on the state of the national libraries in the spring of that year.",
    "To open a file, choose the Open command from the menu and select the folder that holds your documents.",
    "for (int i = 0; i < count; ++i) { total += values[i]; }  // sum of the array",
    "A river runs through the valley and the old town stands on its northern bank, above the bridge.",
    "You can change the settings of the program at any time; the new values are used at the next start.",
    "She wrote 1,024 letters between 1887 and 1913, and 37% of them have been lost.",
]
KOREAN = [
    "이 명령을 사용하면 문서의 내용을 다른 파일로 저장할 수 있습니다.",
    "국립도서관은 해마다 이용자를 위한 보고서를 펴내고 있으며, 누구나 읽을 수 있다.",
    "설정을 바꾸려면 메뉴에서 환경설정을 선택한 다음 원하는 값을 입력하십시오.",
    "강은 골짜기를 따라 흐르고, 옛 마을은 다리 위쪽 북쪽 언덕에 자리 잡고 있다.",
    "한국어는 조사와 어미가 발달한 교착어로서 어절 단위로 띄어 쓴다.",
    "서버의 응답이 느리면 연결 시간이 초과되었다는 오류가 나타날 수 있습니다.",
]


PARTS = {
    "ko": """
        도서관은|사용자는|서버는|연구원들은|이 명령은|마을 사람들은|편집자는|국회는|학생들은|관리자는|농부는|번역가는
        봄마다|오래된 회의가 끝나면|설치하기 전에|해 질 무렵|인터넷에서|법률에 따라|처음부터|비가 오면|주말에는
        보고서를|설정을|파일을|옛이야기를|연결을|그림을|문서를|예산안을|사전을|비밀번호를|씨앗을|목록을
        꼼꼼히|함께|다시|조심스럽게|천천히|두 번|차례로|새로|모두|몰래|곧바로|정성껏
        저장합니다|고쳤다|펴냈다|확인하십시오|옮겨 적었다|살펴보았습니다|바꿀 수 있습니다|나누어 준다|지웠다
    """,
    "en": """
        The library|Every user|The old server|A committee|This command|The village|An editor|The farmer|Her brother
        slowly|in the spring|before the installation|after a long debate|by law|on Sundays|at night|once more
        opens|publishes|reviews|replaces|collects|translates|stores|describes|deletes
        the settings|a report|many letters|the archive|three files|an ancient song|the budget|every password
        for the city|with great care|from the menu|in 1887|near the bridge|without a warning|as before
    """,
}


def sentence(lang: str, choose: random.Random) -> str:
    parts = [line.strip().split("|") for line in PARTS[lang].strip().splitlines()]
    return " ".join(choose.choice(part) for part in parts) + "."


def paragraphs(lang: str, count: int, seed: int = 0) -> list[str]:
    """`count` distinct documents of several sentences, varied enough to pass the rules of `refine`."""
    choose = random.Random(f"{lang}-{seed}")
    pool = KOREAN if lang == "ko" else ENGLISH
    found = []
    for _ in range(count):
        sentences = [sentence(lang, choose) for _ in range(choose.randint(5, 8))] + choose.sample(pool, 2)
        found.append(" ".join(choose.sample(sentences, len(sentences))))
    return found


def toy_tokenizer(folder: Path, size: int = 400) -> Path:
    """A byte-level BPE trained on English, as SmolLM2's is, saved as `PreTrainedTokenizerFast` files."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(paragraphs("en", 200), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        unk_token="<|endoftext|>",
        pad_token="<|im_end|>",
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
        "{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    fast.save_pretrained(str(folder))
    return folder


def toy_llama(folder: Path, tied: bool = True, hidden: int = 32, layers: int = 2, seed: int = 0) -> Path:
    """A Llama small enough for any test, with the toy tokenizer beside it, as a Hub-shaped folder."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    toy_tokenizer(folder)
    vocabulary = len(AutoTokenizer.from_pretrained(str(folder.absolute())))
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=tied,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(str(folder), safe_serialization=True)
    return folder
