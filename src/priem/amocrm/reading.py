"""Lists, page after page, several pages under way: latency must not decide how long a first reading takes."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

from priem.amocrm.problems import Answer

T = TypeVar("T")

PAGE = 250
AHEAD = 12
"""Pages under way at most. Each holds some megabytes until it is parsed."""


def read_pages(
    get: Callable[[int], Answer], parse: Callable[[Answer], T], executor: Executor, per_second: int
) -> Iterator[T]:
    """Parsed pages in order, from page 1. An empty list, or one of a single page, costs one request.

    Looks further ahead only as pages keep coming, and no further than the latency makes useful; what was asked
    for beyond the end is wasted.
    """

    def read(page: int) -> tuple[Answer, T]:
        answer = get(page)
        return answer, parse(answer)

    ahead: deque[Future[tuple[Answer, T]]] = deque()
    asked, width = 0, 1
    try:
        while True:
            while len(ahead) < width:
                asked += 1
                ahead.append(executor.submit(read, asked))
            answer, parsed = ahead.popleft().result()
            yield parsed
            if not answer.has_next:
                return
            width = min(width + 1, AHEAD, math.ceil(answer.seconds * per_second) + 1)
    finally:
        for future in ahead:
            future.cancel()
