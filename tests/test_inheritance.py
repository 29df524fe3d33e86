"""The order of bases, compared with Python's own."""

from hypothesis import given
from hypothesis import strategies as st

from asynclint.facts.inheritance import merged

Choices = list[list[int]]


@given(st.lists(st.lists(st.integers(0, 30), max_size=3), min_size=1, max_size=8))
def test_the_order_is_that_of_python(choices: Choices) -> None:
    classes: list[type] = []
    for number, picks in enumerate(choices):
        bases = list(dict.fromkeys(classes[pick % len(classes)] for pick in picks if classes))
        try:
            classes.append(type(f"C{number}", tuple(bases), {}))
        except TypeError:  # no consistent order
            continue
        made = classes[-1]
        above = [list(base.__mro__[:-1]) for base in bases]
        assert (made, *merged([*above, bases])) == made.__mro__[:-1]


def test_an_unknown_base_comes_once_and_hides_nothing_before_it() -> None:
    assert merged([["a", None], ["b", None], ["a", "b"]]) == ["a", None, "b"]


def test_a_contradiction_is_resolved_by_the_first() -> None:
    assert merged([["a", "b"], ["b", "a"]]) == ["a", "b"]
