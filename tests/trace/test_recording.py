"""The catalogue, and the files that a journey leaves."""

from __future__ import annotations

import json
import re
import string
import struct

import pytest

import pressenter
from pressenter.trace.catalogue import CATALOGUE, sentence
from pressenter.trace.causes import chain
from pressenter.trace.chrome_trace import chrome_trace_bytes
from pressenter.trace.har import har_bytes
from pressenter.trace.jsonl import jsonl_bytes, read_jsonl


def test_every_event_has_words_in_two_languages() -> None:
    for meaning in CATALOGUE.values():
        assert meaning.en and meaning.zh and 1 <= meaning.step <= 17
        assert re.fullmatch(r"[a-z_0-9]+\.[a-z_0-9]+", meaning.name)


def test_every_sentence_finds_its_facts(journey: pressenter.Journey, secure_journey: pressenter.Journey) -> None:
    for event in [*journey.events, *secure_journey.events]:
        meaning = CATALOGUE[event.name]
        for text in (meaning.en, meaning.zh):
            wanted = {field for _, field, _, _ in string.Formatter().parse(text) if field}
            assert wanted <= event.fields.keys() | {"begin"}, (event.name, wanted - event.fields.keys())
        assert sentence(event.name, event.fields) and sentence(event.name, event.fields, "zh")


def test_events_are_numbered_ordered_and_caused_by_earlier_ones(journey: pressenter.Journey) -> None:
    before = 0
    for number, event in enumerate(journey.events, 1):
        assert event.id == number and event.cause < number
        assert event.at_ns >= before
        before = event.at_ns


def test_lines_can_be_read_again(journey: pressenter.Journey) -> None:
    again = read_jsonl(jsonl_bytes(journey.events))
    assert len(again) == len(journey.events)
    assert [(e.id, e.name, e.cause) for e in again] == [(e.id, e.name, e.cause) for e in journey.events]
    assert [e.id for e in chain(again, len(again))] == [e.id for e in journey.why(len(again))]


def test_the_chrome_trace_has_a_row_for_each_event(journey: pressenter.Journey) -> None:
    trace = json.loads(chrome_trace_bytes(journey.events))["traceEvents"]
    rows = [row for row in trace if row["ph"] != "M"]
    ends = sum(event.phase == "end" for event in journey.events)
    assert len(rows) == len(journey.events) - ends
    slices = [row for row in rows if row["ph"] == "X"]
    assert len(slices) == ends and all(row["dur"] >= 0 for row in slices)
    names = {row["args"]["name"] for row in trace if row["ph"] == "M" and row["name"] == "process_name"}
    assert {"laptop", "home-router", "web-1"} <= names


def test_the_har_is_one(journey: pressenter.Journey) -> None:
    log = json.loads(har_bytes(journey.events, journey.world.epoch_seconds))["log"]
    assert log["version"] == "1.2" and len(log["pages"]) == 1 and len(log["entries"]) == 4
    assert log["pages"][0]["pageTimings"]["onLoad"] > 100
    for entry in log["entries"]:
        assert {"blocked", "dns", "connect", "ssl", "send", "wait", "receive"} == entry["timings"].keys()
        total = sum(v for k, v in entry["timings"].items() if v > 0 and k != "ssl")
        assert entry["time"] == pytest.approx(total)
        assert re.fullmatch(r"2026-01-01T00:00:\d\d\.\d{6}Z", entry["startedDateTime"])
        assert entry["response"]["status"] == 200
    first = log["entries"][0]
    assert first["timings"]["dns"] > 100 and first["timings"]["connect"] > 20


def test_the_capture_has_every_port_and_every_frame(journey: pressenter.Journey) -> None:
    data = journey.capture()
    blocks, position = [], 0
    while position < len(data):
        kind, length = struct.unpack_from("<II", data, position)
        assert struct.unpack_from("<I", data, position + length - 4)[0] == length
        blocks.append(kind)
        position += length
    assert blocks[0] == 0x0A0D0D0A
    assert blocks.count(1) == len({frame.port for frame in journey.packets})
    assert blocks.count(6) == len(journey.packets)
    with pytest.raises(ValueError, match="no frame passed a port 'laptop:eth9'"):
        journey.capture(["laptop:eth9"])


def test_real_time_is_kept_apart(journey: pressenter.Journey) -> None:
    recorder = journey.world.recorder
    begun = [event.id for event in journey.events if event.phase == "begin"]
    assert begun and all(recorder.measured_ns[number] >= 0 for number in begun)
