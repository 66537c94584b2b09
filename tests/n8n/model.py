"""A chat model on loopback in the form of OpenAI's: it calls the tool it is offered, and then says what that answered."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 18674


def reply(asked):
    """What the model says next."""
    last = asked["messages"][-1]
    if last["role"] == "tool":
        return {"role": "assistant", "content": f"the tool said: {last['content']}"}, "stop"
    text = last["content"]
    if not isinstance(text, str):
        text = "".join(part.get("text", "") for part in text)
    function = asked["tools"][0]["function"]
    # n8n offers a tool without a schema of its own with a single field.
    field = next(iter(function["parameters"].get("properties", {"input": {}})))
    call = {"name": function["name"], "arguments": json.dumps({field: text})}
    calls = [{"id": "call_1", "type": "function", "function": call}]
    return {"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls"


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message, finish = reply(asked)
        base = {"id": "chat_1", "created": 1, "model": asked["model"]}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        if asked.get("stream"):
            delta = {**message}
            if "tool_calls" in delta:
                delta["tool_calls"] = [{"index": 0, **call} for call in delta["tool_calls"]]
            chunk = {**base, "object": "chat.completion.chunk"}
            chunks = [{"index": 0, "delta": delta, "finish_reason": None}, {"index": 0, "delta": {}, "finish_reason": finish}]
            lines = [f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n" for choice in chunks]
            self.answer("text/event-stream", "".join([*lines, "data: [DONE]\n\n"]).encode())
        else:
            choice = {"index": 0, "message": message, "finish_reason": finish}
            whole = {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
            self.answer("application/json", json.dumps(whole).encode())

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def start():
    """Serves until the driver ends."""
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
