from benchmarks.virtual_aws.throughput import Throughput


def test_a_key_takes_the_units_of_one_second_at_once() -> None:
    throughput = Throughput(10, lambda: 0.0)
    assert [throughput.take("key", 4) for _ in range(3)] == [True, True, False]
    assert throughput.take("key", 2)


def test_keys_have_their_own_units() -> None:
    throughput = Throughput(10, lambda: 0.0)
    assert throughput.take("one", 10)
    assert throughput.take("two", 10)


def test_units_return_with_time_and_are_not_saved_beyond_one_second() -> None:
    seconds = [0.0]
    throughput = Throughput(10, lambda: seconds[0])
    assert throughput.take("key", 10)
    seconds[0] = 0.5
    assert not throughput.has("key", 6)
    assert throughput.take("key", 5)
    seconds[0] = 100.0
    assert not throughput.has("key", 11)
