def f(): pass
return f.__globals__['__builtins__']