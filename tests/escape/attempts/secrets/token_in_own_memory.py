# class: grant token
# technique: all of its own memory that can be reached from any object, the heap, the stack and the libraries
# layers: supervisor
# single: what is not in the process cannot be found there: no other layer is asked
# code: native
# control: the jailer starts with a clean environment and without the token in its memory, whatever is off
# witness: secret
re = sys.modules["re"]
PAGE = 4096
def is_mapped(page):
    # An impossible question, with a set of signals at that address: EFAULT where there is nothing, else EINVAL.
    raw(host["calls"]["rt_sigprocmask"], 99, page, 0, 8)
    return ctypes.get_errno() == errno.EINVAL
def region(around):
    first = last = around & -PAGE
    while is_mapped(first - PAGE):
        first -= PAGE
    while is_mapped(last + PAGE):
        last += PAGE
    return first, last + PAGE
def regions(points):
    seen = []
    for point in points:
        if not any(first <= point < last for first, last in seen) and is_mapped(point & -PAGE):
            seen.append(region(point))
    return seen
def found(pattern, points):
    texts = set()
    for first, last in regions(points):
        for start in range(first, last, 1 << 20):
            # A little of what comes next, so that nothing is cut in two.
            piece = ctypes.string_at(start, min((1 << 20) + 4096, last - start))
            texts.update(match.group() for match in re.finditer(pattern, piece))
    return sorted(text.decode("latin-1") for text in texts)
def everywhere():
    pointer = lambda name: ctypes.c_void_p.in_dll(libc, name).value
    libraries = [ctypes.cast(getattr(libc, name), ctypes.c_void_p).value for name in ("malloc", "environ")]
    libc.malloc.restype = ctypes.c_void_p
    heap = [libc.malloc(size) for size in (8, 100, 5000, 200000)]
    objects = [id(thing) for thing in sys.modules["gc"].get_objects()] + [id(None), id(host), id(print), id(ctypes)]
    return [pointer("environ"), *libraries, *heap, *objects]
token = found(rb"gra[n]t-[A-Za-z0-9_-]{12,}", everywhere())
# The mark of the items is in its memory, so that a search which finds nothing would show.
return [{"json": {"held": [len(token), host["mark"] in found(rb"palisade-[m]ark-[A-Za-z0-9]{22}", everywhere())], "found": token[:50]}}]
