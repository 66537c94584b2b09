# class: task to task
# technique: every object the interpreter knows, searched for texts of others
# layers: supervisor
# single: what is not in the process cannot be found there: no other layer is asked
# code: native
# control: items go to one child and never through the forkserver, whatever is off
# witness: secret
gc = sys.modules["gc"]
gc.unfreeze()
texts = set()
pending = gc.get_objects()
for thing in pending:
    for inner in gc.get_referents(thing):
        if type(inner) is str and inner.startswith(("grant-", "sibling-")) and len(inner) > 20:
            texts.add(inner)
return [{"json": {"held": len(texts), "found": sorted(texts)}}]
