"""What the programs in Python of this folder are asked for."""
import argparse


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ca", required=True)
    parser.add_argument("--protocol", default="h1")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--body", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--parallel", action="store_true")
    parser.add_argument("--compressed", action="store_true")
    parser.add_argument("url")
    options = parser.parse_args()
    options.headers = [tuple(field.split(": ", 1)) for field in options.header]
    return options
