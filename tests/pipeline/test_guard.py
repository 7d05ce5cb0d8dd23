from pipeline.guard import OURS, refuse_shadows


def test_the_checkout_itself_passes():
    refuse_shadows()
    assert set(OURS) == {"corpus", "tokenizer", "training", "eval"}
