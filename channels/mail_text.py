"""What an e-mail says, in letters, and what it looked like, with everything out that could act.

What is quoted stays. Where the quotation stands before the answer, it is put behind it, for what is
new is what whoever opens the ticket wants to read first; an answer written between the lines of a
quotation stays as it is.
"""

import re
from html import unescape

import nh3
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

from channels.mime import Mail, Part

TEXT_LENGTH = 40_000
HTML_LENGTH = 250_000
HTML_DEPTH = 300
"""What is longer, or has more within each other, is only read: parsers take the square of it."""
NOTHING = "[sem texto]"
CUT = "\n\n[…]"
# fmt: off
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt",
    "u", "ul",
}
SILENT = {
    "script", "style", "head", "title", "noscript", "template", "iframe", "object", "svg", "math",
}
# fmt: on
ATTRIBUTES = {
    "a": {"href", "title"},
    # Without an address nothing is fetched, and nobody learns that it was read.
    "img": {"alt", "title", "width", "height"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
    "table": {"border", "cellpadding", "cellspacing"},
    "ol": {"start"},
}
SCHEMES = {"http", "https", "mailto", "tel"}
PLAIN = ParserConfig(css=CSS_PROFILES["strict"])
OPENED = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
ENDED_BY_THEMSELVES = frozenset(
    {"br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p", "wbr"}
)
ANY_TAG = re.compile(r"<[^<>]*>")
SURROGATES = re.compile("[\ud800-\udfff]")
ATTRIBUTION = re.compile(r"(wrote|escreveu|escribió|a écrit|schrieb)\s*:\s*$", re.IGNORECASE)


def text_and_html(mail: Mail) -> tuple[str, str | None]:
    """What it says, never more than can be kept; and what it looked like, if it came as HTML."""
    said, looked = _chosen(mail.top)
    html = clean(looked) if looked else None
    text = tidy(said) or tidy(spoken(html) if html else without_tags(looked))
    return shortened(answer_first(text)), html


def _chosen(part: Part) -> tuple[str, str]:
    """The words and the HTML of everything that is shown and not attached."""
    if not part.parts:
        # What calls itself an alternative or a mixture and holds nothing is read as it stands.
        shown = not part.attached and not (part.file_name and part.media_type != "text/html")
        if shown and part.media_type == "text/html":
            return "", part.text
        if shown and part.media_type in ("text/plain", "text/enriched"):
            text = part.text
            return ("", text) if _is_html(text) else (text, "")
        return "", ""
    found = [_chosen(each) for each in part.parts]
    if part.media_type == "multipart/alternative":
        return (
            next((text for text, _ in found if text.strip()), ""),
            next((html for _, html in reversed(found) if html.strip()), ""),
        )
    text = "\n\n".join(text.strip("\r\n") for text, _ in found if text.strip())
    html = "<hr>".join(html for _, html in found if html.strip())
    # Where one part speaks in words and another in HTML only, the words need both.
    missing = [html for text, html in found if html.strip() and not text.strip()]
    if text and missing:
        spoken_too = "\n\n".join(spoken(clean(each) or without_tags(each)) for each in missing)
        return f"{text}\n\n{spoken_too}", html
    return text, html


def _is_html(text: str) -> bool:
    """Sent as plain text by software that forgot to say."""
    start = text.lstrip()[:200].lower()
    return start.startswith(("<html", "<!doctype html", "<p>", "<div>", "<body", "<table"))


def clean(html: str) -> str | None:
    """Nothing in it runs, loads or is styled from elsewhere; None where nothing is left, or where
    it is beyond what people write."""
    if len(html) > HTML_LENGTH or _depth(html) > HTML_DEPTH:
        return None
    cleaned = nh3.clean(
        storable(html),
        tags=TAGS,
        clean_content_tags=SILENT,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return cleaned.strip() or None


def _depth(html: str) -> int:
    """How many elements stand within each other at most."""
    deepest = depth = 0
    for closing, name in OPENED.findall(html):
        if name.lower() in ENDED_BY_THEMSELVES:
            continue
        depth = max(depth - 1, 0) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def without_tags(html: str) -> str:
    return unescape(ANY_TAG.sub(" ", html))


def spoken(html: str) -> str:
    """The words of HTML, laid out as one reads them."""
    try:
        return str(get_text(f"<div>{html}</div>", PLAIN))
    except (ValueError, RecursionError, AssertionError, KeyError, IndexError, TypeError):
        return without_tags(html)


def tidy(text: str) -> str:
    """Without what cannot be kept, and without more than one empty line in a row."""
    lines = [line.rstrip() for line in storable(text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def storable(text: str) -> str:
    return SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", ""))


def shortened(text: str) -> str:
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - len(CUT)] + CUT


def answer_first(text: str) -> str:
    """The same lines; a quotation at the beginning, with the line that names its writer, is put
    behind the answer."""
    lines = text.split("\n")
    start = next((at for at, line in enumerate(lines) if line.startswith(">")), None)
    if start is None:
        return text
    named = [line for line in lines[:start] if line.strip()]
    if named and not (len(named) <= 2 and ATTRIBUTION.search(named[-1])):
        return text
    end = start
    while end < len(lines) and (lines[end].startswith(">") or not lines[end].strip()):
        end += 1
    answer, quoted = lines[end:], lines[:end]
    between_the_lines = any(line.startswith(">") for line in answer)
    if between_the_lines or not any(line.strip() for line in answer):
        return text
    return "\n".join(answer).strip() + "\n\n" + "\n".join(quoted).strip()
