"""Prints histories: a plain PDF, and the same words on a page.

The same history gives the same bytes (ReportLab's `invariant`), so that its hash proves what was
sent. One is printed at a time, beside the event loop.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from domain.histories import History
from domain.rules.histories import MESSAGES_MOST
from domain.words import Locale
from server.history_words import WORDS, HistoryWords
from server.protocol_words import WORDS as PAGE_WORDS
from server.protocol_words import moment

FONT, FONT_FILE = "DejaVu", Path(__file__).parent / "fonts" / "DejaVuSansCondensed.ttf"
WIDTH, HEIGHT = A4
MARGIN, FOOT = 56, 40
LEADING = 1.35
TITLE, HEAD, BODY, SMALL = 16, 12, 10, 8.5
UNKNOWN = "\u25a1"
"""Stands for whatever the font has no sign for."""


class Press:
    """A `Printer`."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def print(self, history: History, locale: Locale) -> bytes:
        async with self._one:
            return await asyncio.to_thread(pdf, history, locale)


def pdf(history: History, locale: Locale) -> bytes:
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, FONT_FILE))
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1, lang=locale.value)
    words = WORDS[locale]
    canvas.setTitle(words.title.format(protocol=history.protocol))
    canvas.setAuthor(history.company)
    sheet = Sheet(canvas, words.foot.format(protocol=history.protocol))
    for size, text in told(history, locale):
        sheet.write(size, text)
    sheet.end()
    return out.getvalue()


def told(history: History, locale: Locale) -> Iterator[tuple[float, str]]:
    """The document, paragraph by paragraph, each with its size."""
    words, page, zone = WORDS[locale], PAGE_WORDS[locale], ZoneInfo(history.time_zone)

    def when(at: datetime) -> str:
        return moment(at.astimezone(zone), locale)

    yield TITLE, words.title.format(protocol=history.protocol)
    yield BODY, history.company
    yield BODY, words.consumer.format(name=history.consumer)
    if history.known_as:
        yield BODY, words.known_as.format(known=", ".join(history.known_as))
    yield BODY, f"{page.opened} {when(history.opened_at)}"
    yield BODY, words.made.format(at=when(history.made_at), zone=history.time_zone)
    yield BODY, f"{page.stage}: {page.stages[history.stage]}"
    if history.successor:
        yield BODY, f"{page.successor} {history.successor}"
    yield HEAD, page.steps
    for stage in history.stages:
        yield BODY, f"{when(stage.at)}: {page.stages[stage.stage]}"
    yield HEAD, page.messages
    if history.left_out:
        yield BODY, left_out(words)
    if not history.lines:
        yield BODY, words.nothing
    for line in history.lines:
        yield SMALL, f"{history.company if line.from_company else words.you}, {when(line.at)}"
        yield BODY, line.text
        if line.files:
            yield SMALL, words.files.format(names=", ".join(line.files))
    yield SMALL, words.end.format(unknown=UNKNOWN)


def left_out(words: HistoryWords) -> str:
    return words.left_out.format(most=MESSAGES_MOST)


class Sheet:
    """Pages, filled from the top."""

    def __init__(self, canvas: Any, foot: str) -> None:
        self._canvas = canvas
        self._foot = foot
        self._number = 0
        self._signs = pdfmetrics.getFont(FONT).face.charToGlyph
        self._turn()

    def write(self, size: float, text: str) -> None:
        self._y -= size * (0.8 if size in (HEAD, SMALL) else 0.2)
        for line in simpleSplit(self._shown(text), FONT, size, WIDTH - 2 * MARGIN):
            if self._y - size * LEADING < MARGIN:
                self._canvas.showPage()
                self._turn()
            self._y -= size * LEADING
            self._canvas.setFont(FONT, size)
            self._canvas.drawString(MARGIN, self._y, line)

    def end(self) -> None:
        self._canvas.showPage()
        self._canvas.save()

    def _turn(self) -> None:
        self._number += 1
        self._y = HEIGHT - MARGIN
        self._canvas.setFont(FONT, SMALL)
        self._canvas.drawString(MARGIN, FOOT, self._foot)
        self._canvas.drawRightString(WIDTH - MARGIN, FOOT, str(self._number))

    def _shown(self, text: str) -> str:
        spaced = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
        return "".join(
            each if each == "\n" or ord(each) in self._signs else UNKNOWN
            for each in spaced
            if each == "\n" or each.isprintable() or each.isspace()
        )
