"""The frame of every page: its head, its style and script, its landmarks.

Belongs here: what all pages have around what they show, and small parts that several of them use.
Must not know: results.

A page fetches nothing. Its Content-Security-Policy names the one style sheet and the one script by
their hashes: even markup that got in against all escaping could not act.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from harness.grading.pages.markup import NOTHING, Html, Part, element, inside, joined, verbatim
from harness.verdict import Verdict

GLYPHS = {
    Verdict.PASS: "✓",
    Verdict.WARN: "!",
    Verdict.UNSUPPORTED: "·",
    Verdict.INCONCLUSIVE: "?",
    Verdict.BLOCKED: "–",
    Verdict.FAIL: "✗",
    Verdict.ERROR: "?",
}
WORDS = {
    Verdict.PASS: "passes",
    Verdict.WARN: "warning",
    Verdict.UNSUPPORTED: "left out",
    Verdict.INCONCLUSIVE: "not decided",
    Verdict.BLOCKED: "blocked",
    Verdict.FAIL: "fails",
    Verdict.ERROR: "error of ours",
}


def page(title: str, header: Part, main: Part, footer: Part) -> str:
    """Returns a whole document."""
    style, script = _asset("page.css"), _asset("page.js")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", verbatim(style)),
        element("script", verbatim(script)),
    )
    body = element(
        "body",
        element("a", "Skip to the content", href=inside("main"), class_="skip"),
        element("header", header),
        element("main", main, id="main", tabindex="-1"),
        element("footer", footer),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


# -- parts ---------------------------------------------------------------------------------


def section(place: str, title: str, *parts: Part) -> Html:
    """Returns a section with a heading that names it."""
    heading = element("h2", title, id=f"{place}-title")
    return element("section", heading, *parts, id=place, aria_labelledby=f"{place}-title")


def chip(verdict: Verdict, words: str = "") -> Html:
    """Returns a verdict as a sign with words."""
    sign = element("span", GLYPHS[verdict], aria_hidden="true")
    return element("span", sign, " ", words or WORDS[verdict], class_=f"chip {verdict}")


def bar(share: float, class_: str = "") -> Html:
    """Returns a bar for a share from 0 to 1, whose number stands beside it in words."""
    width = 100 * min(max(share, 0.0), 1.0)
    return element(
        "svg",
        element("rect", width="100", height="6", class_="track"),
        element("rect", width=round(width, 2), height="6") if width else NOTHING,
        viewBox="0 0 100 6", preserveAspectRatio="none", aria_hidden="true",
        class_=f"bar {class_}".strip(),
    )  # fmt: skip


def unseen(*parts: Part) -> Html:
    """Returns words for those who do not see the page."""
    return element("span", *parts, class_="unseen")


def name_of(text: str) -> Html:
    """Returns a name, whichever way it is written."""
    return element("bdi", text)


def facts(*pairs: tuple[str, Part]) -> Html:
    """Returns terms with what holds for each; what is "" is left out."""
    shown = [element("div", element("dt", a), element("dd", b)) for a, b in pairs if b]
    return element("dl", *shown, class_="facts") if shown else NOTHING


def table(caption: Part, head: Part, *bodies: Part, class_: str = "", foot: Part = None,
          after: Part = None, rows: int | None = None) -> Html:  # fmt: skip
    """Returns a table, which scrolls for itself where the window is narrow, `after` with it.

    `rows` are all there are, with the head, where not all are shown.
    """
    made = element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", head),
        joined(*bodies),
        element("tfoot", foot) if foot else NOTHING,
        class_=class_ or None,
        aria_rowcount=rows,
    )
    return element("div", made, after, class_="scrolls", tabindex="0", role="group",
                   aria_label=caption)  # fmt: skip
