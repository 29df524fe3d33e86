"""Questions that lead to other questions, and perhaps back to themselves."""

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Questions:
    """Which questions are open. What is defined through itself is unknown, and that is not remembered for long."""

    def __init__(self) -> None:
        self._open: set[object] = set()
        self._circular = False  # has a question led to one that was open already?

    def asked(self, question: object, otherwise: Answer, answer: Callable[..., Answer], *given: object) -> Answer:
        """What `answer(*given)` says, or `otherwise` when the question is open already."""
        if question in self._open:
            self._circular = True
            return otherwise
        self._open.add(question)
        try:
            return answer(*given)
        finally:
            self._open.discard(question)

    def settled(
        self, answers: dict[Key, Answer], key: Key, otherwise: Answer, answer: Callable[..., Answer], *given: object
    ) -> Answer:
        """The same, remembered unless a larger question, still open, may have cut it short."""
        if key in answers:
            return answers[key]
        outer, self._circular = self._circular, False
        found = self.asked((id(answers), key), otherwise, answer, *given)
        if self._circular and self._open:
            return found
        answers[key] = found
        self._circular = outer
        return found
