import pytest

from smoke_tests.support.waiting import until


def test_the_first_truthy_answer_is_returned() -> None:
    answers = iter([None, "", "there"])
    assert until(lambda: next(answers), 5, "it") == "there"


def test_a_condition_may_say_why_not_yet() -> None:
    def never() -> bool:
        raise AssertionError("the queue is empty")

    with pytest.raises(AssertionError, match="waited 0 s for a job; last: the queue is empty"):
        until(never, 0, "a job")


def test_other_errors_end_the_waiting_at_once() -> None:
    def broken() -> bool:
        raise KeyError("status")

    with pytest.raises(KeyError):
        until(broken, 60, "it")
