try:
    '{0.gi_frame.x}'.format(i for i in [])
except AttributeError as e:
    frame = e.obj
    return frame.f_back