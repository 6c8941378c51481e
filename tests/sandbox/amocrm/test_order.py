"""The order index and the PHP brackets, without a server."""

from hypothesis import given
from hypothesis import strategies as st

from priem.sandbox.amocrm.state.order import Order
from priem.sandbox.amocrm.wire import php_tree

stamps = st.integers(min_value=0, max_value=50)


@given(st.lists(stamps, max_size=60), st.data())
def test_an_order_is_a_sorted_list(given_stamps: list[int], data: st.DataObject) -> None:
    order, model = Order(), []
    for entity_id, stamp in enumerate(given_stamps):
        order.add(stamp, entity_id)
        model.append((stamp, entity_id))
    gone = data.draw(st.lists(st.sampled_from(model), unique=True)) if model else []
    for stamp, entity_id in gone:
        order.remove(stamp, entity_id)
    left = sorted(set(model) - set(gone))
    assert [entity_id for _, entity_id in left] == list(order)
    start, stop, low = data.draw(stamps), data.draw(stamps), data.draw(stamps)
    assert order.ids(start, stop) == [entity_id for _, entity_id in left[start:stop]]
    assert order.rank(low) == sum(1 for stamp, _ in left if stamp < low)


def test_an_order_of_many_chunks() -> None:
    order = Order()
    for entity_id in range(30_000):
        order.add((entity_id * 7919) % 10_007, entity_id)
    expected = sorted(range(30_000), key=lambda each: ((each * 7919) % 10_007, each))
    assert list(order) == expected
    assert order.ids(20_000, 20_250) == expected[20_000:20_250]
    assert len(order) == 30_000


def test_brackets_are_read_as_php_reads_them() -> None:
    pairs = [
        ("filter[id][]", "1"),
        ("filter[id][]", "2"),
        ("filter[s][0][p]", "3"),
        ("filter[s][0][q]", "4"),
        ("x[][y]", "5"),
    ]
    tree = {"filter": {"id": {"0": "1", "1": "2"}, "s": {"0": {"p": "3", "q": "4"}}}, "x": {"0": {"y": "5"}}}
    assert php_tree(pairs) == tree
