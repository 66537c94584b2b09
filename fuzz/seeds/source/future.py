from __future__ import annotations
def f(x: obj, *y: 'a') -> {z[obj]}: pass