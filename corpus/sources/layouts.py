"""Where documents and their text lie in the JSON of well-known Korean corpora.

`documents` are dotted keys that end in `[]`, and JMESPath behind the first `[]`; "" means that a file is one document.
`text` and the others are JMESPath on a document. The layouts follow public programs that read the corpora, but for
`aihub-mrc` and `aihub-summary`, which nothing confirmed; the licensed originals were not at hand.
"""

from __future__ import annotations

MODU = {"documents": "document[]", "id": "id", "title": "metadata.title", "date": "metadata.date"}
PARAGRAPHS, UTTERANCES = {**MODU, "text": "paragraph[].form"}, {**MODU, "text": "utterance[].form"}

PRESETS: dict[str, dict[str, str]] = {
    # 모두의 말뭉치 (National Institute of Korean Language)
    "modu-newspaper": PARAGRAPHS,
    "modu-written": PARAGRAPHS,
    "modu-web": {**PARAGRAPHS, "url": "metadata.url"},
    "modu-spoken": UTTERANCES,
    "modu-dialogue": UTTERANCES,
    "modu-messenger": UTTERANCES,
    # AI Hub
    "aihub-mrc": {
        "documents": "data[]", "text": "paragraphs[].context", "id": "doc_id", "title": "doc_title",
        "date": "doc_published",
    },
    "aihub-web": {
        "documents": "SJML.text[]", "text": "content", "title": "title", "url": "url", "date": "write_date",
    },
    "aihub-entities": {
        "documents": "named_entity[]", "text": "content[].sentence", "title": "title[0].sentence", "url": "url",
        "date": "write_date",
    },
    "aihub-summary": {
        "documents": "documents[]", "text": "text[][].sentence", "id": "id", "title": "title", "date": "publish_date",
    },
    "aihub-papers": {
        "documents": "data[]", "text": "[summary_entire[].orginal_text, summary_section[].orginal_text][]",
        "id": "doc_id", "title": "title", "date": "date",
    },
    "aihub-books": {
        "documents": "", "text": "passage", "id": "passage_id", "title": "metadata.doc_name",
        "date": "metadata.published_year",
    },
}  # fmt: skip
