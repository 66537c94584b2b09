g = (g.gi_frame.f_back.f_back for x in [1])
return [*g]