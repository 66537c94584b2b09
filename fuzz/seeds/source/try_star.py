try:
    pass
except* (A, B) as c:
    raise
finally:
    pass