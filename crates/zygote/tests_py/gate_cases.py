"""What the bytecode gate finds in the texts of a file: one JSON list for each.

    python gate_cases.py EXTENSION NAMES < TEXTS

NAMES is what the gate goes by, as JSON; TEXTS is a JSON list of texts, or of the paths of files between one-element lists.
Each answer is a list of findings, or a text saying why there is none.
"""

import ast
import json
import os
import sys
import tokenize
import warnings

# Started with -I, which leaves the script's own folder out.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from children import load_extension  # noqa: E402

sys.path.pop(0)


def as_a_body(source):
    """A module's text as the body of a function: without what can only stand in a module."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            if node.module == "__future__" or any(alias.name == "*" for alias in node.names):
                for line in range(node.lineno, node.end_lineno + 1):
                    lines[line - 1] = "\n"
                lines[node.lineno - 1] = " " * node.col_offset + "pass\n"
    return "".join(lines)


def findings(extension, text):
    try:
        if isinstance(text, list):
            with tokenize.open(text[0]) as file:
                text = as_a_body(file.read())
        return json.loads(extension.gate_findings(text))
    except (SyntaxError, RecursionError, MemoryError, UnicodeError) as error:
        return f"{type(error).__name__}: {error}"


def main(extension_path, names):
    warnings.simplefilter("ignore")
    # What comes after it sees another `sys`.
    texts = json.load(sys.stdin)
    answer = sys.stdout
    extension = load_extension(extension_path)
    extension.prepare_inline(json.dumps({"names": json.loads(names)}))
    found = [findings(extension, text) for text in texts]
    json.dump(found, answer)
    answer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
