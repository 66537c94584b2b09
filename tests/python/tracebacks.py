"""Python's own tracebacks of scripts that fail as the body of a function, as JSON: the text of each, by its path.

    python tracebacks.py SCRIPT...

Lines of carets are left out: Python draws the operators in them, too.
"""

import ast
import json
import linecache
import re
import sys
import traceback

FILE = "<all_items_task_execution>"


def told(path):
    with open(path, encoding="utf-8") as file:
        source = file.read()
    linecache.cache[FILE] = (len(source), None, source.splitlines(True), FILE)
    function = ast.parse("def f(): pass").body[0]
    function.name = "<module>"
    function.body = ast.parse(source).body
    scope = {"__name__": "__main__", "_items": [], "_query": None}
    exec(compile(ast.Module([function], []), FILE, "exec"), scope)
    try:
        scope["<module>"]()
    except BaseException as error:
        # The first frame is this function's.
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__.tb_next))
        return "\n".join(line for line in text.splitlines() if not re.fullmatch(r"[ |]*[~^]+", line))
    return "it did not fail"


print(json.dumps({path: told(path) for path in sys.argv[1:]}))
