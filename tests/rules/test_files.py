"""A file is what its bytes are, whatever its name says."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from time import process_time

import pytest

from domain.errors import Invalid, TooLarge, TypeNotAllowed
from domain.rules import files

MEBIBYTE = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
OFFICE = "application/vnd.openxmlformats-officedocument."
FRAME = b"\xff\xfb\x90\x64" + bytes(413)  # 128 kbit/s at 44.1 kHz


def package(parts: Mapping[str, bytes], *, stored: bool = False) -> bytes:
    made = BytesIO()
    kind = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(made, "w", kind) as writing:
        for name, data in parts.items():
            # Without a time of its own: what a test is called is the same every time.
            writing.writestr(zipfile.ZipInfo(name), data, kind)
    return made.getvalue()


def office(part: str, **more: bytes) -> bytes:
    return package({"[Content_Types].xml": b"<Types/>", part: b"<x/>", **more})


def opened(kind: str) -> bytes:
    return package({"mimetype": f"application/vnd.oasis.opendocument.{kind}".encode()}, stored=True)


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("foto.png", PNG, "image/png"),
        ("foto.jpg", b"\xff\xd8\xff\xe0" + bytes(20), "image/jpeg"),
        ("oi.gif", b"GIF89a" + bytes(20), "image/gif"),
        ("foto.webp", b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(20), "image/webp"),
        ("nota.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        ("leia.txt", "Olá, tudo bem? 🙂\n".encode(), "text/plain"),
        ("antigo.txt", "Reclamação".encode("cp1252"), "text/plain"),
        ("marca.txt", b"\xef\xbb\xbfBom dia", "text/plain"),
        ("pedidos.csv", b"id;valor\n1;2,50\n", "text/csv"),
        ("visita.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar"),
        ("carta.docx", office("word/document.xml"), f"{OFFICE}wordprocessingml.document"),
        ("conta.xlsx", office("xl/workbook.xml"), f"{OFFICE}spreadsheetml.sheet"),
        ("aula.pptx", office("ppt/presentation.xml"), f"{OFFICE}presentationml.presentation"),
        ("carta.odt", opened("text"), "application/vnd.oasis.opendocument.text"),
        ("conta.ods", opened("spreadsheet"), "application/vnd.oasis.opendocument.spreadsheet"),
        ("voz.mp3", FRAME + FRAME, "audio/mpeg"),
        ("voz.mp3", b"ID3\x04\x00\x00" + bytes(20), "audio/mpeg"),
        ("voz.ogg", b"OggS\x00\x02" + bytes(20), "audio/ogg"),
        ("voz.wav", b"RIFF\x10\x00\x00\x00WAVEfmt " + bytes(20), "audio/wav"),
        ("voz.m4a", b"\x00\x00\x00\x20ftypM4A " + bytes(20), "audio/mp4"),
        ("filme.mp4", b"\x00\x00\x00\x20ftypisom" + bytes(20), "video/mp4"),
        ("tela.webm", b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(20), "video/webm"),
    ],
)
def test_what_people_send_is_taken(name: str, data: bytes, media_type: str) -> None:
    examined = files.examine(name, data)

    assert (examined.file_name, examined.media_type) == (name, media_type)
    assert examined.size == len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"MZ\x90\x00" + bytes(200),
        b"\x7fELF\x02\x01\x01" + bytes(60),
        b"\xcf\xfa\xed\xfe" + bytes(60),
        b"\xca\xfe\xba\xbe" + bytes(60),
        b"#!/bin/sh\nrm -rf ~\n",
        b"\xef\xbb\xbf#!/usr/bin/env python\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?>\n<!-- -->\n<svg/>",
        b"   \n<!DOCTYPE html><script>alert(1)</script>",
        b"ola <script>alert(1)</script>",
        b"<?php system($_GET['x']); ?>",
        b"{\\rtf1\\ansi {\\object}}",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
        b"Rar!\x1a\x07\x00" + bytes(60),
        b"\x1f\x8b\x08" + bytes(60),
        b"RIFF\x10\x00\x00\x00AVI LIST" + bytes(20),
        b"\xff\xfb\x81",
        b"\xff\xfb\x90\x64" + bytes(600),
        b" \n",
        b"x" * 20 + b"\x00",
        package({"META-INF/MANIFEST.MF": b"Main-Class: X", "X.class": b"\xca\xfe\xba\xbe"}),
        package({"AndroidManifest.xml": b"x", "classes.dex": b"dex"}),
        package({"leia.txt": b"oi"}),
        office("word/document.xml", **{"word/vbaProject.bin": b"x"}),
        office("word/document.xml", **{"xl/workbook.xml": b"<x/>"}),
        package({"word/document.xml": b"<x/>"}),
        office("word/document.xml")[:60],
        b"PK\x03\x04" + bytes(60),
    ],
)
def test_what_can_act_or_is_unknown_is_not_taken_whatever_its_name(data: bytes) -> None:
    for name in ("foto.png", "nota.pdf", "leia.txt", "carta.docx"):
        with pytest.raises(TypeNotAllowed):
            files.examine(name, data)


def test_a_package_that_unpacks_to_much_more_is_not_taken() -> None:
    bomb = office("word/document.xml", **{"word/big.xml": bytes(201 * MEBIBYTE)})

    assert len(bomb) < files.FILE_MOST
    with pytest.raises(TypeNotAllowed):
        files.examine("carta.docx", bomb)


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_package_that_is_broken_where_it_says_what_it_is_is_not_taken(kind: int) -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", kind) as writing:
        writing.writestr("mimetype", b"application/vnd.oasis.opendocument.text")
    whole = made.getvalue()
    begin = 30 + len("mimetype")

    for place in range(begin, begin + 40):
        for byte in (0x00, 0x5B, 0xFF):
            broken = whole[:place] + bytes([byte]) * 3 + whole[place + 3 :]
            assert files.recognise(broken, "carta.odt") in (None, f"{files.OPEN}text")


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_no_office_program_packs_with_is_not_unpacked(kind: int) -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", kind) as writing:
        writing.writestr("mimetype", b"application/vnd.oasis.opendocument.text")

    with pytest.raises(TypeNotAllowed):
        files.examine("carta.odt", made.getvalue())


def test_a_package_that_names_hundreds_of_thousands_of_parts_is_not_opened() -> None:
    named = b"PK\x01\x02" + bytes(24) + (1).to_bytes(2, "little") + bytes(16) + b"a"
    count = files.FILE_MOST // len(named) - 10
    listed = named * count
    end = b"PK\x05\x06" + bytes(8) + len(listed).to_bytes(4, "little") + bytes(6)
    bomb = b"PK\x03\x04" + listed + end[:16] + (4).to_bytes(4, "little") + bytes(2)
    began = process_time()

    with pytest.raises(TypeNotAllowed):
        files.examine("carta.docx", bomb)

    assert process_time() - began < 1.0


def test_a_page_inside_a_picture_is_a_picture() -> None:
    assert files.recognise(PNG + b"<html><script>alert(1)</script>", "a.html") == "image/png"


def test_ten_mebibytes_are_taken_and_no_byte_more() -> None:
    most = PNG + bytes(10 * MEBIBYTE - len(PNG))

    assert files.examine("a.png", most).size == 10 * MEBIBYTE
    with pytest.raises(TooLarge) as refused:
        files.examine("a.png", most + b"x")
    assert refused.value.values == {"name": "a.png", "most": 10}


def test_an_empty_file_is_invalid() -> None:
    with pytest.raises(Invalid):
        files.examine("a.png", b"")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("foto.png", "foto.png"),
        ("FOTO.PNG", "FOTO.png"),
        ("Relatório de março.png", "Relatório de março.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\fotos\\férias.png", "férias.png"),
        ("foto.exe", "foto.png"),
        ("foto.png.exe", "foto.png.png"),
        ("cobran\u202egnp.exe", "cobrangnp.png"),
        ("a\r\nSet-Cookie: x=1.png", "a Set-Cookie x=1.png"),
        ("a\x00\u200b\u2066b.png", "ab.png"),
        ('a"b<c>.png', "abc.png"),
        ("versão 1.2 final", "versão 1.2 final.png"),
        ("   ", "arquivo.png"),
        ("", "arquivo.png"),
        (".png", "png.png"),
        ("...", "arquivo.png"),
        ("..", "arquivo.png"),
        ("🙂.png", "🙂.png"),
        ("x" * 500 + ".png", "x" * 196 + ".png"),
        ("cafe\u0301.png", "café.png"),
    ],
)
def test_a_name_is_kept_without_what_hides_or_leads_elsewhere(given: str, kept: str) -> None:
    assert files.named(given, "image/png") == kept
