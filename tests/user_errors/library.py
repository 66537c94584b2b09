# No oracle: Python shows the library's frames, too.
import json


def parse(text):
    return json.loads(text)


parse("{")
