"""The studio without a browser: its sessions, and who may talk to its server."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from pressenter.studio.server import studio_application
from pressenter.studio.session import Session

HOST = "127.0.0.1:8000"


class Told:
    """What a session has said."""

    def __init__(self, **source: Any) -> None:
        self.messages: list[dict[str, Any]] = []
        self.session = Session(self.messages.append, **source)
        self.session.begin()

    def do(self, what: str, **values: Any) -> list[dict[str, Any]]:
        del self.messages[:]
        self.session.take({"do": what, **values})
        assert self.messages[-1] == {"kind": "idle"}
        return self.messages

    def problem(self, what: str, **values: Any) -> str:
        return next(message["text"] for message in self.do(what, **values) if message["kind"] == "problem")


@pytest.fixture
def told() -> Any:
    made = Told()
    yield made
    made.session.close()


def test_a_person_types_clicks_and_goes_back(told: Told) -> None:
    said = told.do("visit", address="www.example.com")
    assert told.session.journey.page is not None and told.session.journey.page.title == "Example of a long way"
    events = [message["part"]["events"] for message in said if message["kind"] == "more"]
    ids = [number for part in events for number in part["id"]]
    assert ids == sorted(ids) and ids[-1] == len(told.session.journey.events)
    assert any(message["part"].get("pages") for message in said if message["kind"] == "more")
    assert sum(bool(message["part"]["pictures"]) for message in said if message["kind"] == "more") >= 2
    told.do("click", x=226, y=147)
    assert told.session.journey.page.title == "The fibre"
    told.do("back")
    assert told.session.journey.page.title == "Example of a long way"
    told.do("wheel", x=600, y=500, steps=-3)
    assert told.session.journey.browser.tab.shown is not None
    assert told.session.journey.browser.tab.shown.scroll[1] > 0
    for character in "xy":
        told.do("key", character=character)


def test_forms_and_touch(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        "<!doctype html><style>body { margin: 0 } input, a { display: block; width: 300px; height: 40px }</style>"
        "<form action=found.html><input name=q></form><a href=other.html>elsewhere</a>"
    )
    (tmp_path / "found.html").write_text("<!doctype html><title>Found</title>")
    (tmp_path / "other.html").write_text("<!doctype html><title>Other</title>")
    told = Told(sites={"www.a.test": tmp_path})
    told.do("visit", address="www.a.test")
    told.do("click", x=100, y=96)
    for character in "lamp\n":
        told.do("key", character=character)
    page = told.session.journey.page
    assert page is not None and page.title == "Found" and page.url.endswith("?q=lamp")
    told.do("back")
    told.do("tap", x=100, y=140)
    assert told.session.journey.page is not None and told.session.journey.page.title == "Other"
    told.do("reload")
    assert told.session.journey.page.title == "Other"
    told.session.close()


def test_what_cannot_be_done_is_said(told: Told) -> None:
    assert "no key" in told.problem("visit", address="bücher.example")
    assert "nothing that is called" in told.problem("fly", x=1, y=1)
    assert "there is no" in told.problem("compare", settings=[["links.x.loss", "1"]])
    assert told.problem("click", x="left", y=0)
    told.do("visit", address="nosuch.example.com")
    assert told.session.journey.failure is not None


def test_a_comparison(told: Told) -> None:
    told.do("visit", address="www.example.com")
    said = told.do("compare", settings=[["links.home-router:wan--isp-access:home.loss", "0.1"]])
    found = next(message for message in said if message["kind"] == "comparison")
    assert "are lost" in " ".join(found["difference"]["first"]) and found["difference"]["steps"]
    warm = told.do("compare", settings=[["journey.warm", "everything"]])
    steps = next(message for message in warm if message["kind"] == "comparison")["difference"]["steps"]
    name = next(step for step in steps if step["step"] == 4)
    assert name["after_events"] < name["before_events"]


def test_a_page_that_moves_for_ever_does_not_keep_the_studio_busy(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        "<!doctype html><style>@keyframes a { to { opacity: 0 } } p { animation: a 1s infinite alternate }</style><p>moves"
    )
    told = Told(sites={"www.a.test": tmp_path})
    told.do("visit", address="www.a.test")
    assert told.session.journey.world.agenda.now_ns < 60_000_000_000
    told.session.close()


@pytest.fixture
def client() -> TestClient:
    return TestClient(studio_application("secret", 8000), base_url=f"http://{HOST}")


def test_the_page_needs_its_token(client: TestClient) -> None:
    assert client.get("/").status_code == 403
    assert client.get("/?token=wrong").status_code == 403
    page = client.get("/?token=secret")
    assert page.status_code == 200 and "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe-eval" not in page.headers["content-security-policy"]
    assert client.get("/viewer/main.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/viewer/..%2freport.py").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1:9"},
        {"host": "evil.example:8000"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:8000"},
    ],
)
def test_other_hosts_and_origins_are_turned_away(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/?token=secret", headers=headers).status_code == 421
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/world?token=secret", headers={"host": HOST, **headers}),
    ):
        pass


def test_a_world_for_each_tab_and_four_at_most(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/world?token=wrong", headers={"host": HOST}):
        pass

    def begin() -> Any:
        return client.websocket_connect("/world?token=secret", headers={"host": HOST})

    with begin() as one, begin() as two, begin(), begin():
        for socket in (one, two):
            assert json.loads(socket.receive_text())["kind"] == "recording"
        with begin() as five:
            assert "close a tab" in json.loads(five.receive_text())["text"]
        one.send_text(json.dumps({"do": "nothing"}))
        assert json.loads(one.receive_text())["kind"] == "problem"
    wait_for_ends()
    with begin() as again:
        assert json.loads(again.receive_text())["recording"]["version"] == 1
    wait_for_ends()


def wait_for_ends() -> None:
    """The worlds of closed tabs end by themselves."""
    for thread in [thread for thread in threading.enumerate() if thread.name == "world"]:
        thread.join()


def test_a_bug_in_a_world_is_told_and_the_tab_goes_on(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("out of paper")

    monkeypatch.setattr(told.session, "_compare", fail)
    assert "a bug in pressenter: RuntimeError: out of paper" in told.problem("compare", settings=[])
    assert told.problem("tap", x=70_000, y=5)
    told.do("visit", address="www.example.com")
    assert told.session.journey.page is not None


def test_a_world_ends_with_its_tab(client: TestClient) -> None:
    with client.websocket_connect("/world?token=secret", headers={"host": HOST}) as socket:
        socket.receive_text()
        for _ in range(20):
            socket.send_text(json.dumps({"do": "compare", "settings": [["journey.seed", "2"]]}))
    wait_for_ends()


def test_what_stands_in_the_address_bar_is_replaced(told: Told) -> None:
    for character in "abc":
        told.do("key", character=character)
    told.do("visit", address="www.example.com")
    assert told.session.journey.page is not None and told.session.journey.page.url == "http://www.example.com/"


def test_worlds_run_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        "<!doctype html><style>p:nth-child(2n) { color: red }</style>" + "<div>" * 600 + "<p>a<p>b"
    )
    limit, failures = sys.getrecursionlimit(), []

    def visit() -> None:
        told = Told(sites={"www.a.test": tmp_path})
        told.do("visit", address="www.a.test")
        failures.append(told.session.journey.failure)
        told.session.close()

    threads = [threading.Thread(target=visit) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [None] * 3 and sys.getrecursionlimit() == limit
