"""Topics are told apart letter by letter."""

import pytest

from strideload.protocol import topics

POD = "e6614103e7452d2f"


@pytest.mark.parametrize("leaf", sorted(topics.LEAVES))
def test_there_and_back(leaf: str) -> None:
    assert topics.parse(topics.of_pod(POD, leaf)) == (POD, leaf)


WRONG = [
    "",
    "strideload/pod/",
    f"strideload/pod/{POD}",
    f"strideload/pod/{POD}/",
    f"strideload/pod/{POD}/pages/",
    f"strideload/pod/{POD}/pages/x",
    f"strideload/pod/{POD}/pages\n",
    f"strideload/pod/{POD}/unknown",
    f"strideload/pod/{POD}/PAGES",
    f"strideload/pod/{POD.upper()}/pages",
    f"strideload/pod/{POD[:-1]}/pages",
    f"strideload/pod/{POD}0/pages",
    f"strideload/pod/{POD[:-1]}g/pages",
    f"strideload/pod/\uff10{POD[1:]}/pages",
    "strideload/pod/+/pages",
    f"/strideload/pod/{POD}/pages",
    f"Strideload/pod/{POD}/pages",
    f"xstrideload/pod/{POD}/pages",
]


@pytest.mark.parametrize("topic", WRONG)
def test_what_is_no_topic_of_a_pod(topic: str) -> None:
    assert topics.parse(topic) is None
