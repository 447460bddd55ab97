"""No text becomes markup, whatever it says."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.grading.pages.markup import Address, beside, each_in, element, identifier, inside
from harness.report.page import printable


class Parsed(HTMLParser):
    """All that a parser finds."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.tags.append(("comment", data))


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (element("p", "a < b & c > d"), "<p>a &lt; b &amp; c &gt; d</p>"),
        (element("p", element("b", "x"), None, "<"), "<p><b>x</b>&lt;</p>"),
        (element("p", title="\"'<"), '<p title="&quot;&#x27;&lt;"></p>'),
        (element("p", "a\u202eb\x1b\x00"), "<p>a\\u202eb\\x1b\\x00</p>"),
        (element("p", class_="a", aria_label="b"), '<p class="a" aria-label="b"></p>'),
        (element("input", hidden=True, value=None, open=False), "<input hidden>"),
        (element("rect", x=1.5), '<rect x="1.5"></rect>'),
        (each_in(["<", element("br")], ", "), "&lt;, <br>"),
        (element("a", href=beside("..", "a ü?#")), '<a href="./../a%20%C3%BC%3F%23"></a>'),
        (element("a", href=beside("javascript:x")), '<a href="./javascript%3Ax"></a>'),
        (element("a", href=inside("a\"b")), '<a href="#a%22b"></a>'),
    ],
)  # fmt: skip
def test_what_is_made(made, wanted):
    assert made == wanted


@pytest.mark.parametrize(
    "attributes",
    [
        {"onclick": "x"},
        {"style": "x"},
        {"a b": "x"},
        {"href": "javascript:x"},
        {"src": "x"},
    ],
)
def test_what_could_act_is_refused(attributes):
    with pytest.raises(ValueError, match=r"attribute|leads to"):
        element("a", **attributes)


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no element's name"):
        element("a b")


def test_an_address_is_no_text_of_anybody():
    assert element("a", href=Address("./x")) == '<a href="./x"></a>'


@settings(deadline=None, derandomize=True)
@given(st.text())
def test_any_text_stays_text(text):
    found = Parsed(element("p", text, title=text))
    assert found.tags == [("p", {"title": printable(text)})]
    assert found.text == printable(text)


@settings(deadline=None, derandomize=True)
@given(st.text(), st.text())
def test_ids_are_words_without_blanks(one, other):
    told = identifier("case", one, other)
    assert not set(told) & set(" \t\n\"'<>%")
