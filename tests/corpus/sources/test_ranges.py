"""Ranges over HTTP: what comes is what was asked for, or it is asked for again, or there is a sentence."""

import time

import pytest

from corpus.sources.ranges import Client, Gone, RemoteFile, below
from corpus.web.polite import Manners, Refused
from pipeline.errors import InputError, Interrupted
from tests.loopback import serving

DATA = bytes(range(256)) * 40


@pytest.fixture
def server(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_bytes(DATA)
    with serving(tmp_path / "files") as found:
        yield found


@pytest.fixture
def client(tmp_path):
    return Client(tmp_path / "cache", habits=Manners(rate=2000.0, first=0.005, longest=1.0, tries=4))


def test_ranges_and_small_files(server, client):
    url = f"{server.base}/a"
    assert client.read(url, 5, 300) == DATA[5:300]
    assert client.size(url) == len(DATA) and client.small(url) == DATA
    with pytest.raises(InputError, match="more than a list of paths has"):
        client.small(url, limit=100)
    assert client.seen["bytes"] >= len(DATA) and client.seen["retries"] == 0


@pytest.mark.parametrize("fault", ["cut", "short", "shift", "whole", 500, 503, 429, 403, {"Retry-After": "0"}])
def test_what_comes_wrong_is_asked_for_again(server, client, fault):
    server.fault = lambda path, asked, number: fault if number < 3 else None
    assert client.read(f"{server.base}/a", 10, 2000) == DATA[10:2000]
    assert client.seen["retries"] == 2 and len(server.log) == 3


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("cut", "cannot be read"),
        ("short", "sends 987 of 990 bytes"),
        ("shift", "answers with bytes 11-1000 to a request for 10-999"),
        ("whole", "with the whole file"),
        (503, "answers 503"),
    ],
)
def test_what_stays_wrong_is_exit_4_and_names_the_host(server, client, fault, said):
    server.fault = lambda *_: fault
    with pytest.raises(Refused, match=rf"^127.0.0.1:\d+ .*{said}.*4 times \(/a\)"):
        client.read(f"{server.base}/a", 10, 1000)
    assert len(server.log) == 4


def test_what_is_not_there_is_not_asked_for_again(server, client):
    with pytest.raises(Gone, match="status 404"):
        client.read(f"{server.base}/b", 0, 10)
    with pytest.raises(Gone, match="outside the file"):
        client.read(f"{server.base}/a", len(DATA), len(DATA) + 10)
    with pytest.raises(Gone, match="outside the file"):
        client.read(f"{server.base}/a", len(DATA) - 5, len(DATA) + 5)
    assert len(server.log) == 3


@pytest.mark.parametrize("status", [400, 410, 414])
def test_a_name_that_no_file_can_have_is_not_there(server, client, status):
    server.fault = lambda *_: status
    with pytest.raises(Gone, match=f"status {status}"):
        client.read(f"{server.base}/{'x' * 2000}", 0, 10)
    assert len(server.log) == 1


def test_redirects_and_strange_answers_are_refused(server, client):
    server.fault = lambda *_: "elsewhere"
    with pytest.raises(InputError, match="answers 302, which is not followed"):
        client.read(f"{server.base}/a", 0, 10)
    server.fault = lambda *_: 401
    with pytest.raises(InputError, match="answers 401"):
        client.read(f"{server.base}/a", 0, 10)


def test_a_server_that_is_not_there(client):
    with pytest.raises(Refused, match=r"127.0.0.1:9 cannot be read \(ConnectionError\), 4 times"):
        client.read("http://127.0.0.1:9/a", 0, 10)


def test_a_download_goes_on_where_it_was_cut(server, client, tmp_path, monkeypatch):
    monkeypatch.setattr("corpus.sources.ranges.PIECE", 1000)
    url, path = f"{server.base}/a", tmp_path / "work" / "a"
    server.fault = lambda path, asked, number: 503 if asked[0] >= 5000 else None
    with pytest.raises(Refused):
        client.download(url, path)
    assert not path.exists() and path.with_name("a.half").stat().st_size == 5000
    server.fault, server.log[:] = None, []
    client.download(url, path)
    assert path.read_bytes() == DATA and min(asked[0] for _, asked in server.log[1:]) == 5000
    assert sorted(one.name for one in path.parent.iterdir()) == ["a"]


def test_a_download_begins_anew_where_the_file_changed(server, client, tmp_path, monkeypatch):
    monkeypatch.setattr("corpus.sources.ranges.PIECE", 1000)
    url, path = f"{server.base}/a", tmp_path / "work" / "a"
    file = tmp_path / "files" / "a"

    def change(name, asked, number):
        if number == 4:
            file.write_bytes(DATA[::-1])

    server.fault = change
    with pytest.raises(Refused, match="changed while it was read"):
        client.download(url, path)
    server.fault = None
    client.download(url, path)
    assert path.read_bytes() == DATA[::-1]


def test_several_at_once_keep_their_order_and_one_failure_ends_all(server, client):
    url = f"{server.base}/a"
    calls = [lambda at=at: client.read(url, at, at + 10) for at in (100, 0, 10**9, 50)]
    found = list(client.each(calls))
    assert [found[0], found[1], found[3]] == [DATA[100:110], DATA[:10], DATA[50:60]] and isinstance(found[2], Gone)
    server.fault = lambda *_: 503
    started = time.time()
    with pytest.raises(Refused, match="127.0.0.1"):
        list(client.each([lambda at=at: client.read(url, at, at + 10) for at in range(50)]))
    assert time.time() - started < 5


def test_a_tick_that_raises_stops_the_others(server, client):
    def tick():
        raise Interrupted("stop")

    server.fault = lambda *_: 503
    with pytest.raises(Interrupted, match="stop"):
        list(client.each([lambda: client.read(f"{server.base}/a", 0, 10)] * 9, tick))


def test_a_remote_file_reads_like_a_local_one(server, client, monkeypatch):
    monkeypatch.setattr("corpus.sources.ranges.PIECE", 700)
    file = RemoteFile(client, f"{server.base}/a")
    file.fetch([(100, 2600), (9000, 9010)], lambda: None)
    asked = len(server.log)
    file.seek(200)
    assert file.read(2000) == DATA[200:2200] and file.tell() == 2200 and len(server.log) == asked
    file.seek(-10, 2)
    assert file.read() == DATA[-10:] and file.read(5) == b"" and len(server.log) == asked + 1


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "a/../b", "a//b", "http://10.0.0.1/x", "a b", "a\\b", "./a", "a/%2e%2E/b"]
)
def test_paths_stay_below_their_base(path):
    with pytest.raises(InputError, match="no path below https://a.example"):
        below("https://a.example/", path)


def test_paths_may_be_whole_urls_of_the_base():
    assert below("https://a.example", "https://a.example/x/crawl=1/y.gz") == "https://a.example/x/crawl=1/y.gz"
