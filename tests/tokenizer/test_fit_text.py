from __future__ import annotations

from tests.toys import paragraphs, toy_tokenizer
from tokenizer.fit_text import EVERY, SHOWN, SPAN, SPANS, take


def test_text_is_split_by_document_and_bounded(documents, tmp_path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(toy_tokenizer(tmp_path / "toy") / "tokenizer.json"))
    korean = [" ".join(f"{number}번{at}" for at in range(90)) for number in range(60)]
    mixture = documents(
        {"a": ("ko", korean[:30]), "b": ("ko", korean[30:]), "e": ("en", paragraphs("en", 20))}, mixture=True
    )
    found = take(mixture, "ko", tokenizer, 1, 3000, 900)
    again = take(mixture, "ko", tokenizer, 1, 3000, 900)
    assert (found.fit, found.choose, found.size) == (again.fit, again.choose, again.size)
    assert all(stream[0] == 1 and 2 < len(stream) <= SPAN for stream in found.fit)
    assert 3000 <= sum(len(stream) - 1 for stream in found.fit) < 3000 + SPANS * SPAN
    # files take turns, the first three of each source are held out: the eighth text is b's fourth train document
    held = korean[33 + EVERY // 2 - 1][:SHOWN]
    assert tokenizer.decode(found.choose[0][1:]) == held and found.size >= len(held.encode())
    fitted = " ".join(tokenizer.decode(stream[1:]) for stream in found.fit)
    number = held.partition("번")[0]
    assert f" {number}번" not in fitted and f" {int(number) - 1}번" in fitted
    everything = take(mixture, "ko", tokenizer, 1, 10**9, 10**9)
    assert len(everything.choose) == 54 // EVERY and everything.pairs.total() > 20 * len(everything.pairs)
    assert not take(mixture, "ja", tokenizer, 1, 100, 100).fit


def test_a_short_document_is_one_stream(documents, tmp_path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(toy_tokenizer(tmp_path / "toy") / "tokenizer.json"))
    found = take(documents({"a": ("ko", ["말", " ", "모이"])}), "ko", tokenizer, 1, 100, 100)
    assert [tokenizer.decode(stream[1:]) for stream in found.fit] == ["말", "모이"] and not found.choose
