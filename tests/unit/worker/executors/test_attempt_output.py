"""Output keeps the first and last part, in bounded memory, always as valid text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foliot.worker.output import LIMIT, Output


def text_of(*chunks: bytes) -> str:
    output = Output()
    for chunk in chunks:
        output.write(chunk)
    return output.text()


def test_short_output_is_kept_whole() -> None:
    assert text_of() == ""
    assert text_of(b"a\n", "ü\n".encode()) == "a\nü\n"
    assert text_of(b"x" * LIMIT) == "x" * LIMIT


def test_characters_may_be_split_between_writes() -> None:
    assert text_of(*(bytes([byte]) for byte in "grün 😀".encode())) == "grün 😀"


def test_nul_and_invalid_bytes_become_replacement_characters() -> None:
    assert text_of(b"a\0b\xffc\xc3") == "a\ufffdb\ufffdc\ufffd"


def test_long_output_keeps_both_ends_and_says_how_much_was_cut() -> None:
    whole = "".join(f"line {n}\n" for n in range(100_000))
    text = text_of(*(whole[i : i + 777].encode() for i in range(0, len(whole), 777)))
    assert len(text) <= LIMIT
    head, cut, tail = re.split(r"\n\.\.\. (\d+) bytes cut \.\.\.\n", text)
    assert whole.startswith(head)
    assert whole.endswith(tail)
    assert len(head) + int(cut) + len(tail) == len(whole)
    assert min(len(head), len(tail)) > LIMIT * 0.45


def test_cuts_fall_on_character_borders() -> None:
    text = text_of("😀".encode() * 100_000)
    assert set(re.sub(r"\n\.\.\. \d+ bytes cut \.\.\.\n", "", text)) == {"😀"}


def test_bytes_that_grow_when_replaced_stay_below_the_limit() -> None:
    text = text_of(b"\xff" * (LIMIT - 1))
    assert len(text.encode()) <= LIMIT
    assert "bytes cut" in text


def test_memory_is_bounded() -> None:
    output = Output()
    for _ in range(3_000):
        output.write(b"x" * 1_000)
        assert sum(len(part) for part in vars(output).values() if isinstance(part, bytearray)) <= 3 * LIMIT
    output.write(b"y" * 10_000_000)
    assert sum(len(part) for part in vars(output).values() if isinstance(part, bytearray)) <= 3 * LIMIT
    assert output.written == 13_000_000


@given(st.lists(st.binary(max_size=9_000) | st.text(max_size=3_000).map(lambda text: text.encode()), max_size=9))
def test_any_bytes_give_bounded_valid_text(chunks: list[bytes]) -> None:
    text = text_of(*chunks)
    assert len(text.encode()) <= LIMIT
    assert "\0" not in text
    if sum(map(len, chunks)) <= LIMIT // 3:
        assert text == b"".join(chunks).decode(errors="replace").replace("\0", "\ufffd")


@pytest.mark.parametrize("text", ["é\n", "\ud800"])
def test_write_text(text: str) -> None:
    output = Output()
    output.write_text(text)
    assert output.text() == text.encode(errors="replace").decode()
