"""The parts of the report in words and figures; each knows one subject and none knows how it is laid out."""
