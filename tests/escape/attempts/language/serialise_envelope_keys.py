# class: shared serialiser
# technique: keys of the runner's own messages as keys of the result
# layers: supervisor
# single: what is written is judged by the supervisor alone
# code: user
# control: the child serialises with its own code, and the supervisor builds every envelope; neither can be switched off
# witness: messages
return [{"type": "runner:taskdone", "taskId": "other", "json": {"type": "broker:taskcancel", "taskId": "other"}, "error": {}, "data": {}}]
