"""Cases as results hold them, made by hand or drawn."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from harness.grading.result import OPEN, Attempt, CaseResult, Feedback
from harness.grading.scheme import Group, Lateness, MustPass, Penalty, Scheme, Weighing
from harness.verdict import Verdict

unhurried = settings(
    deadline=None, max_examples=50, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
DELIVERIES = ("whole", "split", "bytewise")
NAMES = ("login", "upload", "list")


def case(name="login", delivery="whole", verdict=Verdict.PASS, **more):
    """Returns a settled case of the suite `files`."""
    told = {
        "suite": "files",
        "role": "server",
        "case": name,
        "delivery": delivery,
        "purpose": f"{name} works",
        "points": 2.0,
        "verdict": verdict,
        "settled": True,
        "attempts": (Attempt(1, verdict),),
        **more,
    }
    return CaseResult(**told)


@st.composite
def judged_cases(draw):
    """Draws what a submission got: three cases under three deliveries."""
    found = []
    for name in NAMES:
        points = draw(st.sampled_from([0.0, 0.1, 1.0, 2.5, 3.0]))
        for delivery in DELIVERIES:
            verdicts = draw(st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=3))
            told = next((each for each in verdicts if each not in OPEN), verdicts[0])
            fault = draw(st.sampled_from(["nobody", "machine", "target"]))
            attempts = tuple(Attempt(n, each) for n, each in enumerate(verdicts))
            settled = draw(st.sampled_from([True, True, True, False]))
            found.append(
                case(
                    name,
                    delivery,
                    told if settled else Verdict.BLOCKED,
                    points=points,
                    fault=fault,
                    attempts=attempts if settled else (),
                    settled=settled,
                )
            )
    return found


amounts = st.sampled_from([0.0, 0.5, 1.0, 3.0])
shares = st.sampled_from([0.0, 0.25, 1.0])
patterns = st.lists(
    st.sampled_from([*NAMES, "*", "files/l*"]), min_size=1, max_size=2, unique=True
).map(tuple)
weighings = st.builds(
    Weighing,
    points=st.none() | amounts,
    weight=st.none() | amounts,
    feedback=st.none() | st.sampled_from(list(Feedback)),
    partial=st.none() | st.booleans(),
    deliveries=st.none() | st.fixed_dictionaries({"whole": amounts, "split": amounts}),
)
schemes = st.builds(
    Scheme,
    total=st.none() | st.sampled_from([10.0, 20.0]),
    step=st.sampled_from([0.0, 0.1, 0.5, 7.0]),
    warned=shares,
    unstable=shares | st.sampled_from(["share", "person"]),
    default=weighings,
    cases=st.dictionaries(st.sampled_from([*NAMES, "l*"]), weighings, max_size=3),
    groups=st.lists(
        st.builds(
            Group,
            id=st.sampled_from(["a", "b"]),
            title=st.just("A"),
            cases=patterns,
            cap=st.none() | amounts,
        ),
        max_size=2,
        unique_by=lambda each: each.id,
    ).map(tuple),
    penalties=st.lists(
        st.builds(
            Penalty,
            reason=st.just("crashes"),
            points=amounts,
            cases=patterns,
            verdicts=st.sampled_from([("fail",), ("warn", "blocked")]),
            each=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    must_pass=st.builds(MustPass, cases=patterns | st.just(()), cap=amounts),
    late=st.sampled_from([(), (Lateness(0, 0.9), Lateness(24, 0.5)), (Lateness(2, 0.0),)]),
)
