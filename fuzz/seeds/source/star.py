a, *b = *c, d[*e, 1:2]
print(*a, **b)