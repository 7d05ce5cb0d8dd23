"""Conversations as tokens with a mask of what is learned: each answer and the token that ends its turn.

The mask comes from the chat template itself, by comparing prefixes: the conversation up to an answer, rendered with
the generation prompt, must be a prefix of the whole, as text and as token ids. So it holds for any template whose
turns only append, with or without `{% generation %}`, and at inference a model sees just what it was trained on.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pipeline.errors import InputError
from tokenizer.base import document_ids
from training.chat import Conversation

# Marked in words: a base model's unused special tokens have no meaning yet, and their rows do not train under LoRA.
# No {% generation %}, which servers other than transformers do not know.
PLAIN = (
    "{% for message in messages %}"
    "{% if loop.first %}{{ OPENING }}{% endif %}"
    "{% if message['role'] == 'system' %}{{ message['content'] }}\n\n"
    "{% elif message['role'] == 'user' %}### User:\n{{ message['content'] }}\n\n### Assistant:\n"
    "{% else %}{{ message['content'] }}{{ CLOSING }}{{ '\\n\\n' }}{% endif %}"
    "{% endfor %}"
)


class Unfit(ValueError):
    """Why a conversation cannot be trained on with this tokenizer; the text is the reason it is counted under."""


class Encoded(NamedTuple):
    """Token ids of one conversation, and for each whether it is learned; both of the same length."""

    ids: list[int]
    learned: list[bool]


class ChatTemplate:
    """One tokenizer's chat template, with what `encode` needs to know of the tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        special = {int(i): str(t) for i, t in tokenizer.added_tokens_decoder.items() if t.special}
        special |= dict(zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True))
        self.special_ids = frozenset(special)
        # the tokenizer reads these in any text, so a message could forge a turn with one
        self.reserved = re.compile(
            "|".join(re.escape(token) for token in sorted(special.values(), reverse=True)) or "(?!)"
        )

    def encode(self, conversation: Conversation, sequence: int) -> Encoded:
        """Tokens of a conversation, cut at the end to `sequence`.

        Checked for every answer: the learned tokens decode to exactly the answer's text, and one special token that
        ends the turn follows. Raises Unfit with a reason.
        """
        if any(self.reserved.search(message["content"]) for message in conversation):
            raise Unfit("a message holds one of the tokenizer's special tokens")
        text = self._render(conversation)
        ids = self._ids(text)
        learned = [False] * len(ids)
        for turn, message in enumerate(conversation):
            if message["role"] == "assistant":
                first = self._prefix(text, ids, self._render(conversation[:turn], prompt=True))
                end = self._prefix(text, ids, self._render(conversation[: turn + 1]))
                closing = next((place for place in range(first, end) if ids[place] in self.special_ids), None)
                if closing is None:
                    raise Unfit("the chat template ends no answer with a special token")
                if self._text(ids[first:closing]) != message["content"]:
                    raise Unfit("the tokens of an answer are not its text")
                learned[first : closing + 1] = [True] * (closing + 1 - first)
        if not any(learned[:sequence]):
            raise Unfit("no answer begins within the sequence length")
        return Encoded(ids[:sequence], learned[:sequence])

    def end_of_turn(self) -> int:
        """The token that ends an answer. Raises InputError when the template has none."""
        try:
            probe = self.encode([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], 1 << 30)
        except Unfit as error:
            raise InputError(f"the model's chat template cannot be trained on: {error}") from None
        return probe.ids[max(place for place, learned in enumerate(probe.learned) if learned)]

    def _render(self, conversation: Conversation, prompt: bool = False) -> str:
        import jinja2

        try:
            return str(self.tokenizer.apply_chat_template(conversation, tokenize=False, add_generation_prompt=prompt))
        except jinja2.TemplateError as error:  # templates refuse what they do not know, a system turn for one
            raise Unfit(f"the chat template refuses: {error}") from None

    def _ids(self, text: str) -> list[int]:
        return [int(i) for i in self.tokenizer(text, add_special_tokens=False)["input_ids"]]

    def _text(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)).strip()

    def _prefix(self, text: str, ids: list[int], prefix: str) -> int:
        """How many of `ids` the rendered `prefix` covers."""
        if prefix == text:
            return len(ids)
        if not text.startswith(prefix):
            raise Unfit("the chat template rewrites earlier turns")
        part = self._ids(prefix)
        if ids[: len(part)] != part:
            raise Unfit("a token spans prompt and answer")
        return len(part)


def ensure_template(tokenizer: Any) -> bool:
    """Give a tokenizer without a chat template a plain one, of tokens it has; True when it was needed.

    Documents of the base's pretraining open with a prefix, so conversations do too; answers end with the token that
    `generate` stops at. Raises InputError when the tokenizer names no end-of-sequence token.
    """
    if tokenizer.chat_template:
        return False
    if not tokenizer.eos_token:
        raise InputError(
            "the model's tokenizer has no chat template and no end-of-sequence token to end an answer with"
        )
    prefix, _ = document_ids(tokenizer)
    opening = str(tokenizer.convert_ids_to_tokens(prefix))
    tokenizer.chat_template = PLAIN.replace("OPENING", repr(opening)).replace("CLOSING", repr(str(tokenizer.eos_token)))
    return True
