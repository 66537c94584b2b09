"""The one workflow of all scenarios: for each a webhook and the nodes behind it. One, as n8n takes a start of its own to
publish a workflow."""

import uuid

import model

ID = "palisadeDriven01"
CREDENTIAL = "palisadeModel001"

ALL, EACH = "runOnceForAllItems", "runOnceForEachItem"

# Path of the webhook -> for each node behind it: code, mode, what is done about an error.
CODE = {
    "all": [("total = sum(item['json']['body']['n'] for item in _items)\n"
             "import re\n"
             "return [{'json': {'total': total, 'k': k, 'text': re.sub('a', 'é', 'banana')}} for k in range(2)]",)],
    "each": [("return [{'json': {'n': n}} for n in range(_items[0]['json']['body']['n'])]",),
             ("n = _item['json']['n']\nif n % 3 == 1:\n    return None\nreturn {'twice': n * 2}", EACH)],
    "raise": [("x = 1\nraise ValueError('no such ' + 'thing')",)],
    "raise-each": [("return [{'json': {'n': n}} for n in range(4)]",),
                   ("if _item['json']['n'] == 2:\n    raise KeyError('two')\nreturn _item", EACH)],
    "syntax": [("x = [1, 2\nreturn x",)],
    "refused-attribute": [("return [{'json': {'c': str(_items.__class__)}}]",)],
    "refused-import": [("import os\nimport re\nimport numpy\nreturn os.listdir('/')",)],
    "denied-builtin": [("return [{'json': {'t': open('/etc/passwd').read()}}]",)],
    "memory": [("x = []\nwhile True:\n    x.append('y' * 10_000_000)",)],
    "print": [("print('said', 42, {'a': [1, None]}, sep='|')\nfor k in range(120):\n    print(k)\n"
               "return [{'json': {'ok': True}}]",)],
    "print-raise": [("print('last words')\nraise ValueError('after the words')",)],
    "go-on": [("raise ValueError('forgiven')", ALL, "continueRegularOutput"),
              ("return [{'json': {'seen': _items[0]['json']}}]",)],
    "go-on-refused": [("import os\nreturn []", ALL, "continueRegularOutput"),
                      ("return [{'json': {'seen': _items[0]['json']}}]",)],
    "binary": [("return [{'json': {'name': i['binary']['file']['fileName']}, 'binary': i['binary']} for i in _items]",),
               ("return {'json': _item['json'], 'binary': _item['binary']}", EACH)],
    "unicode": [("t = _items[0]['json']['body']['t']\n"
                 "return [{'json': {'t': t, 'n': len(t), 'é': '\U0001f40d\\n\\u2028\"', 'big': str(2 ** 80)}}]",)],
    "many": [("return [{'json': {'n': n, 'text': 'item %d' % n}} for n in range(5000)]",),
             ("return {'n': _item['json']['n'] + 1, 'text': _item['json']['text'].upper()}", EACH),
             ("return [{'json': {'count': len(_items), 'sum': sum(i['json']['n'] for i in _items),\n"
              "                  'last': _items[-1]}}]",)],
    "large": [("t = _items[0]['json']['body']['t']\nreturn [{'json': {'n': len(t), 't': t[::-1]}}]",)],
    "spin": [("while True:\n    pass",)],
    "spin-forgiven": [("while True:\n    pass", ALL, "continueRegularOutput")],
    "sleep": [("import time\ntime.sleep(_items[0]['json']['body']['s'])\n"
               "return [{'json': {'slept': _items[0]['json']['body']['s']}}]",)],
}

TOOL = "return f\"{_query['q'] if isinstance(_query, dict) else _query} heard, in {len(_query)} letters\".upper()"
TOOL_RAISES = "raise ValueError('tool broke')"


def code_node(name, x, y, code, mode=ALL, on_error=None):
    node = {
        "id": f"id of {name}", "name": name, "type": "n8n-nodes-base.code", "typeVersion": 2, "position": [x, y],
        "parameters": {"language": "pythonNative", "mode": mode, "pythonCode": code},
    }
    return {**node, "onError": on_error} if on_error else node


def webhook(path, y):
    # n8n keeps webhooks of a node by their id.
    own = str(uuid.uuid5(uuid.NAMESPACE_URL, path))
    parameters = {"httpMethod": "POST", "path": path, "responseMode": "lastNode", "responseData": "allEntries", "options": {}}
    if path == "binary":
        parameters.update(responseData="firstEntryBinary", responseBinaryPropertyName="file")
    return {
        "id": own, "name": path, "type": "n8n-nodes-base.webhook", "typeVersion": 2, "position": [0, y],
        "webhookId": own, "parameters": parameters,
    }


def tool_nodes(path, y, code):
    """A webhook, an agent with the model of model.py, and the Code Tool it is offered."""
    package = "@n8n/n8n-nodes-langchain"
    agent = {
        "id": f"agent {path}", "name": f"agent {path}", "type": f"{package}.agent", "typeVersion": 3,
        "position": [200, y],
        "parameters": {"promptType": "define", "text": "={{ $json.body.text }}", "options": {}},
    }
    chat = {
        "id": f"model {path}", "name": f"model {path}", "type": f"{package}.lmChatOpenAi", "typeVersion": 1.2,
        "position": [200, y + 100],
        "parameters": {"model": {"__rl": True, "mode": "id", "value": "stub"}, "options": {"maxRetries": 0}},
        "credentials": {"openAiApi": {"id": CREDENTIAL, "name": "stub"}},
    }
    tool = {
        "id": f"tool {path}", "name": f"say {path}", "type": f"{package}.toolCode", "typeVersion": 1.3,
        "position": [300, y + 100],
        "parameters": {"description": "says it loudly", "language": "python", "pythonCode": code},
    }
    connections = {
        path: {"main": [[{"node": agent["name"], "type": "main", "index": 0}]]},
        chat["name"]: {"ai_languageModel": [[{"node": agent["name"], "type": "ai_languageModel", "index": 0}]]},
        tool["name"]: {"ai_tool": [[{"node": agent["name"], "type": "ai_tool", "index": 0}]]},
    }
    return [webhook(path, y), agent, chat, tool], connections


def workflow():
    """As `n8n import:workflow` takes it."""
    nodes, connections = [], {}
    for row, (path, chain) in enumerate(CODE.items()):
        nodes.append(webhook(path, row * 200))
        before = path
        for column, node in enumerate(chain):
            name = f"{path} {column}"
            nodes.append(code_node(name, 200 * (column + 1), row * 200, *node))
            connections[before] = {"main": [[{"node": name, "type": "main", "index": 0}]]}
            before = name
    for row, (path, code) in enumerate([("tool", TOOL), ("tool-raises", TOOL_RAISES)]):
        more, wires = tool_nodes(path, (len(CODE) + row) * 200, code)
        nodes += more
        connections.update(wires)
    return {
        "id": ID, "name": "driven", "active": True, "versionId": "22222222-2222-4222-8222-222222222222",
        "nodes": nodes, "connections": connections, "settings": {"executionOrder": "v1"}, "pinData": {},
    }


def credential():
    """For the model; n8n encrypts it as it takes it."""
    url = f"http://127.0.0.1:{model.PORT}/v1"
    return {"id": CREDENTIAL, "name": "stub", "type": "openAiApi", "data": {"apiKey": "none", "url": url}}
