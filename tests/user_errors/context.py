try:
    {}["a"]
except KeyError:
    try:
        [][1]
    finally:
        1 / 0
