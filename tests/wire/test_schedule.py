"""Schedules: what comes out of a line, for every sequence of packets."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.schedule import DELAY, Fate, Line, Out, Schedule


def carried(schedule, count):
    """Returns what comes out of a line into which the packets 1 to count go."""
    line = Line(schedule)
    return [out for number in range(1, count + 1) for out in line.carry(number)]


def numbers(outs):
    return [out.packet for out in outs]


@pytest.mark.parametrize(
    ("fates", "comes"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({2: Fate.DROP}, [1, 3, 4, 5]),
        ({3: Fate.REPEAT}, [1, 2, 3, 3, 4, 5]),
        ({4: Fate.SWAP}, [1, 2, 3, 5, 4]),
        ({1: Fate.SWAP, 3: Fate.SWAP}, [2, 1, 4, 3, 5]),
        ({5: Fate.SWAP}, [1, 2, 3, 4]),  # nothing has come behind it yet
        ({2: Fate.DROP, 3: Fate.DROP}, [1, 4, 5]),
        ({9: Fate.DROP}, [1, 2, 3, 4, 5]),
    ],
    ids=str,
)
def test_what_comes_out(fates, comes):
    assert numbers(carried(Schedule.of(fates.items()), 5)) == comes


def test_the_whole_of_it():
    fates = {2: Fate.DROP, 3: Fate.REPEAT, 4: Fate.SWAP, 6: Fate.DELAY, 7: Fate.CORRUPT}
    outs = carried(Schedule.of(fates.items(), 0.5), 9)
    assert numbers(outs) == [1, 3, 3, 5, 4, 6, 7, 8, 9]
    assert [out for out in outs if out.after] == [Out(6, after=0.5)]
    assert [out for out in outs if out.corrupt] == [Out(7, corrupt=True)]


@pytest.mark.parametrize(
    ("fates", "told"),
    [
        ([(2, Fate.DROP), (2, Fate.REPEAT)], "packet 2 has two fates: drop and repeat"),
        ([(2, Fate.SWAP), (3, Fate.DROP)], "packet 3 changes places with 2 and has drop"),
        ([(4, Fate.SWAP), (3, Fate.SWAP)], "packet 4 changes places with 3 and has swap"),
    ],
)
def test_what_cannot_be(fates, told):
    with pytest.raises(ValueError, match=told):
        Schedule.of(fates)


def test_it_is_told_what_becomes_of_a_packet():
    every = {number: fate for number, fate in enumerate(Fate, 1) if fate is not Fate.SWAP}
    schedule = Schedule.of(every.items())
    assert schedule.told(9) == ""
    told = [schedule.told(number) for number in every]
    assert told == [
        "lost by the wire",
        "repeated by the wire",
        f"held back for {DELAY:g} s by the wire",
        "corrupted by the wire",
    ]
    assert Schedule.of([(1, Fate.SWAP)]).told(1) == "overtaken on the wire by the next"


@st.composite
def schedules(draw):
    """Draws a schedule that can be."""
    found, number = {}, 0
    while draw(st.booleans()):
        number += draw(st.integers(1, 3))
        fate = found[number] = draw(st.sampled_from(list(Fate)))
        number += fate is Fate.SWAP
    return Schedule.of(found.items(), draw(st.floats(0.001, 9)))


@given(schedules(), st.integers(0, 40))
def test_each_packet_meets_its_fate_and_no_other(schedule, count):
    outs = carried(schedule, count)
    came = Counter(numbers(outs))
    for number in range(1, count + 1):
        fate = schedule.fates.get(number)
        kept = fate is Fate.SWAP and number == count  # the one that overtakes it is to come
        wanted = 0 if fate is Fate.DROP or kept else 2 if fate is Fate.REPEAT else 1
        assert came[number] == wanted
        for out in outs:
            if out.packet == number:
                assert out.after == (schedule.delay if fate is Fate.DELAY else 0)
                assert out.corrupt is (fate is Fate.CORRUPT)
    assert came.total() == len(outs)


@given(schedules(), st.integers(0, 40))
def test_only_neighbours_that_are_swapped_change_places(schedule, count):
    order = numbers(carried(schedule, count))
    turned = [(one, two) for one, two in pairwise(order) if one > two]
    swaps = [number for number, fate in schedule.fates.items() if fate is Fate.SWAP]
    assert turned == [(number + 1, number) for number in sorted(swaps) if number < count]


@given(schedules(), st.integers(0, 40), st.integers(0, 40))
def test_what_came_out_does_not_depend_on_what_goes_in_later(schedule, count, more):
    early = carried(schedule, count)
    assert carried(schedule, count + more)[: len(early)] == early
