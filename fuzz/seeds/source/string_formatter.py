import json
f = F().get_field
return f('0.__class__', (x,), {})